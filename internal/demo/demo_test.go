package demo

import (
	"context"
	"testing"

	"qianshao/internal/app"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// TestCity builds a small share of the work and holds what came of it against the rules that must always hold: no step
// of a story was refused, every log and row verifies.
func TestCity(t *testing.T) {
	dir := t.TempDir()
	out, err := BuildCity(context.Background(), Options{Dir: dir, Today: "2026-11-23", Volume: 0.04})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", out)
	for code, n := range out.Skipped {
		t.Errorf("%d × %s", n, code)
	}
	d, err := db.Open(context.Background(), "sqlite:"+dir+"/"+File, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r, err := ledger.Verify(context.Background(), d.In(City), app.Covered(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		t.Errorf("verify: %+v", f)
	}
}
