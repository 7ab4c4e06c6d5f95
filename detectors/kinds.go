package detectors

// Builtin returns the kinds that need nothing but Go.
func Builtin() Kinds {
	kinds := make(Kinds)
	for _, k := range []Kind{motionKind(), qualityKind(), dummyKind(), loadKind(), jitterKind()} {
		kinds[k.Name] = k
	}
	return kinds
}
