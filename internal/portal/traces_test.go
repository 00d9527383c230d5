package portal_test

import (
	"encoding/base64"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"qianshao/internal/platform/envelope"
	"qianshao/internal/portal"
)

// TestTimesAndSizes is T52: what is kept of reports tells by its files' times no more than the day, and by its sizes
// nothing that a few words or bytes more would change.
func TestTimesAndSizes(t *testing.T) {
	w := newWorld(t)
	f, long := typed(), typed()
	long["text"] += "还有一句。"
	w.post(f, file{"一.jpg", []byte(strings.Repeat("x", 1000))}).receipt(t)
	r := w.post(long, file{"照片二.jpg", []byte(strings.Repeat("x", 1010))}).receipt(t)
	w.say(spoken(r, "text", "补充一点"))
	sizes := map[string]map[int64]bool{}
	seen := map[string]int{}
	err := filepath.WalkDir(w.dir, func(path string, x fs.DirEntry, err error) error {
		if err != nil || x.IsDir() {
			return err
		}
		i, err := os.Stat(path)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(w.dir, path)
		folder := strings.Split(filepath.ToSlash(rel), "/")[0]
		if folder == "lock" {
			return nil // made when the portal is started
		}
		if !i.ModTime().Equal(i.ModTime().Truncate(24 * time.Hour)) {
			t.Errorf("%s says that it came at %s", rel, i.ModTime())
		}
		if sizes[folder] == nil {
			sizes[folder] = map[int64]bool{}
		}
		sizes[folder][i.Size()] = true
		seen[folder]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for folder, n := range map[string]int{"in": 2, "files": 2, "out": 2, "more": 1} {
		if seen[folder] != n || len(sizes[folder]) != 1 {
			t.Errorf("%s: %d files of sizes %v", folder, seen[folder], sizes[folder])
		}
	}
}

// TestHeld: what was sent is answered by a page of its own under a name that means nothing, which can be looked at again for
// ten minutes and not longer, says the same in the language it was asked in, and is sent at once where there is no room
// for it.
func TestHeld(t *testing.T) {
	w := newWorld(t)
	send := func() *httptest.ResponseRecorder {
		body, kind := multi(typed())
		r := httptest.NewRequest(http.MethodPost, "/?lang=en", body)
		r.Header.Set("Content-Type", kind)
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		return rec
	}
	rec := send()
	at := rec.Header().Get("Location")
	if rec.Code != http.StatusSeeOther || rec.Body.Len() > 0 || !strings.HasPrefix(at, "/p?") {
		t.Fatalf("%d %s %q", rec.Code, at, rec.Body)
	}
	a := w.get(at)
	a.has(t, "it")
	r := a.receipt(t)
	if strings.Contains(at, string(r)) || w.get(at).receipt(t) != r || a.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%s: %s", at, a.Header())
	}
	if w.get(at+"x").Code != http.StatusNotFound {
		t.Error("another name shows a page")
	}
	w.get("/p?n=x").has(t, "只保留十分钟")
	// A full room is no reason to leave traces: what was fetched long ago makes place.
	portal.HeldLeast(t, 0)
	portal.MaxHeld(t, a.Body.Len()*3/2)
	w = newWorld(t)
	first, second := send().Header().Get("Location"), send().Header().Get("Location")
	if first == "" || second == "" || w.get(second).Code != http.StatusOK || w.get(first).Code != http.StatusNotFound {
		t.Errorf("the oldest makes no place: %q %q", first, second)
	}
	portal.HeldLeast(t, time.Minute)
	if rec := send(); rec.Code != http.StatusOK {
		t.Errorf("one that nobody has come for yet is dropped: %d", rec.Code)
	}
	portal.MaxHeld(t, 32<<20)
	portal.HeldFor(t, 0)
	w = newWorld(t)
	if a := w.get("/p?" + strings.TrimPrefix(send().Header().Get("Location"), "/p?")); a.Code != http.StatusNotFound {
		t.Errorf("%d after its time", a.Code)
	}
	portal.MaxHeld(t, 1000)
	if rec := send(); rec.Code != http.StatusOK || !reReceipt.MatchString(rec.Body.String()) {
		t.Errorf("without room: %d", rec.Code)
	}
}

// TestNeverInClear is T51 for the public side: whatever keeps a report from being sealed, it is not taken in, the reporter is
// told so and loses nothing they wrote, and not a word of it is on the disk.
func TestNeverInClear(t *testing.T) {
	organ := func(w *world, name string) *envelope.Organ {
		for i := range w.d.Organs {
			if w.d.Organs[i].Name == name {
				return &w.d.Organs[i]
			}
		}
		return nil
	}
	for name, spoil := range map[string]func(w *world){
		"no key": func(w *world) {
			for i := range w.d.Organs {
				w.d.Organs[i].Key = envelope.AddressKey{}
			}
		},
		"a broken key":        func(w *world) { organ(w, countyA).Key.Public = organ(w, countyA).Key.Public[:100] },
		"a broken key above":  func(w *world) { organ(w, city).Key.Public = "age1pq1" },
		"no directory":        func(w *world) { w.d = &envelope.Directory{} },
		"the disk gives up":   func(w *world) { w.Spool.Step = func(string) error { return syscall.EIO } },
		"the disk at the end": func(w *world) { w.Spool.Step = func(what string) error { return onRename(what) } },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			spoil(w)
			f := typed("named", "yes", "name", "王某某", "contact", "傍晚打电话")
			a := w.post(f, file{"账本照片.jpg", []byte("流水账第一页")})
			if a.Code < 400 || reReceipt.MatchString(a.body) {
				t.Fatalf("it is taken in: %d", a.Code)
			}
			a.has(t, f["only"], f["name"], f["contact"])
			w.nowhere(t, f["text"], f["only"], f["subject"], f["name"], f["contact"], "账本照片", "流水账第一页", base64.StdEncoding.EncodeToString([]byte(f["name"])))
			if n := w.in(t, "in"); len(n) > 0 {
				t.Errorf("%q lies there", n)
			}
		})
	}
}

func onRename(what string) error {
	if strings.HasPrefix(what, "rename") {
		return syscall.EIO
	}
	return nil
}
