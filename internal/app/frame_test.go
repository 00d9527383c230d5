package app_test

import (
	"strings"
	"testing"

	"qianshao/internal/app/apptest"
	"qianshao/internal/platform/dbtest"
)

// Whoever reads no matters has no box to look for them in.
func TestSearchBox(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	srv := w.Serve()
	for who, has := range map[string]bool{"sysadmin": false, "secadmin": false, "auditor": false, "supervision": true, "handler": true, "secretary": true} {
		if _, page := w.Get(srv, who, "/"); strings.Contains(page, `action="/search"`) != has {
			t.Errorf("%s has a search box: %v, want %v", who, !has, has)
		}
	}
}

// Offices of different organs are called alike; a list of posts names the organ with them.
func TestOfficesUnderTheirOrgan(t *testing.T) {
	w := apptest.New(t, dbtest.SQLite(t))
	name := w.Units["county"].Commission() + " " + w.Units["county.office1"].Name
	if _, page := w.Get(w.Serve(), "secadmin", "/admin/posts"); !strings.Contains(page, name) {
		t.Errorf("no post of %s", name)
	}
}
