//go:build !linux

package host

import "os"

// DiskOf is not known here.
func DiskOf(string) (Disk, error) { return Disk{}, ErrUnknown }

func ownerOf(os.FileInfo) int { return -1 }

// TimeKept is not known here.
func TimeKept() (bool, error) { return false, ErrUnknown }
