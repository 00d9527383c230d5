// Package host is what the program can find out about the machine it runs on: room on a disk, who may read a file, whether
// the time is kept, whether memory may end up readable on a disk. It changes nothing and starts no other program.
//
// What a system does not tell is ErrUnknown, never a guess.
//
// Start at DiskOf, FileOf, TimeKept and Swaps.
package host

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// ErrUnknown is what this system does not tell.
var ErrUnknown = errors.New("host: this system does not tell")

// Disk is how much room a file system has, which it is, and whether it is another machine's.
type Disk struct {
	Free, Total uint64 // bytes; free for a user who is not root
	Device      uint64
	Remote      bool
}

// File is who may do what with a file.
type File struct {
	Mode  fs.FileMode
	Owner int // user id; -1: unknown
}

// Others says whether anybody but the owner (and root) may read or write the file.
func (f File) Others() bool { return f.Mode.Perm()&0o077 != 0 }

// FileOf reads it.
func FileOf(name string) (File, error) {
	st, err := os.Stat(name)
	if err != nil {
		return File{}, err
	}
	return File{st.Mode(), ownerOf(st)}, nil
}

// Swap is one place where memory may be written to.
type Swap struct {
	Name   string
	Sealed bool // encrypted, or in memory itself
}

// Swaps lists them from Linux' own tables: root is the host's / (a test gives another).
func Swaps(root fs.FS) ([]Swap, error) {
	f, err := root.Open("proc/swaps")
	if err != nil {
		return nil, ErrUnknown
	}
	defer f.Close()
	var out []Swap
	lines := bufio.NewScanner(f)
	lines.Scan() // the heading
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		device := path.Base(fields[0])
		// A mapped device says itself that it encrypts; a file, or a partition, is as the disk is: unknown, so not sealed.
		kind, _ := fs.ReadFile(root, "sys/block/"+device+"/dm/uuid")
		out = append(out, Swap{Name: fields[0], Sealed: strings.HasPrefix(string(kind), "CRYPT-") || strings.HasPrefix(device, "zram")})
	}
	return out, lines.Err()
}
