package atomicfile

// SetHook has f called before each step; its error stands for the step's
// failure. It returns a function that takes f away again.
func SetHook(f func(step, name string) error) (restore func()) {
	hook = f
	return func() { hook = nil }
}
