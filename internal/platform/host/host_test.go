package host

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/fstest"
)

func TestSwaps(t *testing.T) {
	heading := "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	root := fstest.MapFS{
		"proc/swaps":             {Data: []byte(heading + "/dev/dm-1  partition 1 0 -2\n/dev/dm-2  partition 1 0 -3\n/dev/sda3  partition 1 0 -4\n/swapfile  file 1 0 -5\n/dev/zram0 partition 1 0 5\n")},
		"sys/block/dm-1/dm/uuid": {Data: []byte("CRYPT-PLAIN-swap")},
		"sys/block/dm-2/dm/uuid": {Data: []byte("LVM-abc")},
	}
	got, err := Swaps(root)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"/dev/dm-1": true, "/dev/dm-2": false, "/dev/sda3": false, "/swapfile": false, "/dev/zram0": true}
	for _, s := range got {
		if sealed, known := want[s.Name]; !known || sealed != s.Sealed {
			t.Errorf("%s: sealed %v", s.Name, s.Sealed)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d of %d swaps seen", len(got), len(want))
	}
	if got, err := Swaps(fstest.MapFS{"proc/swaps": {Data: []byte(heading)}}); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
	if _, err := Swaps(fstest.MapFS{}); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

func TestFilesAndDisks(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := FileOf(name)
	if err != nil || f.Others() {
		t.Error(f, err)
	}
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	if f, err = FileOf(name); err != nil || !f.Others() {
		t.Error(f, err)
	}
	if runtime.GOOS != "linux" {
		return
	}
	if f.Owner != os.Getuid() {
		t.Errorf("the owner is %d", f.Owner)
	}
	a, err := DiskOf(name)
	if err != nil || a.Total == 0 || a.Free > a.Total || a.Device == 0 {
		t.Error(a, err)
	}
	b, err := DiskOf("/proc")
	if err != nil || a.Device == b.Device {
		t.Error("one disk for all", a, b, err)
	}
	if _, err := DiskOf(name + "absent"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
