package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// release is the version of the program; a release build sets it with -ldflags "-X main.release=…".
var release = "dev"

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return release + "+" + s.Value[:12]
		}
	}
	return release
}

type versionCmd struct{}

// Run says which program this is.
func (versionCmd) Run(e *env) error {
	_, err := fmt.Fprintf(e.out, "qianshao %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
