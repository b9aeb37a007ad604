package main

import (
	"hash/maphash"
	"math"
	"os"
)

// literalBytes counts what rsync's algorithm would send of a new file to one
// who has the old one: the bytes between blocks of the old file, which are
// found at any place by a rolling checksum. Its blocks are as long as rsync
// makes them, the root of the length.
func literalBytes(oldPath, newPath string) (int64, error) {
	before, err := os.ReadFile(oldPath)
	if err != nil {
		return 0, err
	}
	after, err := os.ReadFile(newPath)
	if err != nil {
		return 0, err
	}
	size := blockSize(len(before))
	seed := maphash.MakeSeed()
	known := map[uint32]map[uint64]bool{}
	for at := 0; at+size <= len(before); at += size {
		block := before[at : at+size]
		weak := newRolling(block).sum()
		if known[weak] == nil {
			known[weak] = map[uint64]bool{}
		}
		known[weak][maphash.Bytes(seed, block)] = true
	}
	rest := before[len(before)/size*size:] // shorter than a block, matched at the end only
	var literal int64
	at := 0
	for at+size <= len(after) {
		r := newRolling(after[at : at+size])
		for {
			strong, maybe := known[r.sum()]
			if maybe && strong[maphash.Bytes(seed, after[at:at+size])] {
				at += size
				break
			}
			literal++
			if at+size == len(after) {
				at++
				break
			}
			r.roll(after[at], after[at+size], size)
			at++
		}
	}
	if string(after[at:]) != string(rest) {
		literal += int64(len(after) - at)
	}
	return literal, nil
}

// blockSize is rsync's choice.
func blockSize(length int) int {
	return min(max(700, int(math.Sqrt(float64(length)))/8*8), 128<<10)
}

// rolling is rsync's checksum of a window.
type rolling struct{ a, b uint32 }

func newRolling(window []byte) rolling {
	var r rolling
	for i, c := range window {
		r.a += uint32(c)
		r.b += uint32(len(window)-i) * uint32(c)
	}
	return r
}

func (r *rolling) roll(out, in byte, size int) {
	r.a += uint32(in) - uint32(out)
	r.b += r.a - uint32(size)*uint32(out)
}

func (r rolling) sum() uint32 { return r.a&0xffff | r.b<<16 }
