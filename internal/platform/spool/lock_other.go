//go:build !unix

package spool

import "os"

// On such systems one process at a time has the folder.
func lock(*os.File) error    { return nil }
func unlock(*os.File)        {}
func tryLock(*os.File) error { return nil }
