package main

import (
	_ "github.com/duckdb/duckdb-go/v2"
	_ "github.com/minio/simdjson-go"
	_ "github.com/valyala/fastjson"
)
