package host

import (
	"io/fs"
	"os"
	"syscall"
)

// Kinds of file systems that are another machine's: NFS, CIFS, SMB2, Ceph, AFS, 9P, FUSE (sshfs and the like).
var remote = map[int64]bool{0x6969: true, 0xff534d42: true, 0xfe534d42: true, 0x00c36400: true, 0x5346414f: true, 0x01021997: true, 0x65735546: true}

// DiskOf reads the file system that a file or folder lies on.
func DiskOf(name string) (Disk, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(name, &s); err != nil {
		return Disk{}, &fs.PathError{Op: "statfs", Path: name, Err: err}
	}
	d := Disk{Free: s.Bavail * uint64(s.Bsize), Total: s.Blocks * uint64(s.Bsize), Remote: remote[int64(uint32(s.Type))]}
	var st syscall.Stat_t
	if err := syscall.Stat(name, &st); err != nil {
		return d, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	d.Device = st.Dev
	return d, nil
}

func ownerOf(st os.FileInfo) int {
	if s, ok := st.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}

// TimeKept says whether the system's clock is held to a time server (or another source), as the kernel knows it.
func TimeKept() (bool, error) {
	const unsynchronised = 0x40 // STA_UNSYNC
	var t syscall.Timex
	if _, err := syscall.Adjtimex(&t); err != nil {
		return false, ErrUnknown
	}
	return t.Status&unsynchronised == 0, nil
}
