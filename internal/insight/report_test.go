package insight_test

import (
	"bytes"
	"testing"

	"qianshao/internal/access"
	"qianshao/internal/app/apptest"
	"qianshao/internal/insight"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestBothEnginesSayTheSame writes the report of the small city in every format, twice.
func TestBothEnginesSayTheSame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := small(t, d)
		for _, format := range insight.Formats {
			var a, b bytes.Buffer
			for _, out := range []*bytes.Buffer{&a, &b} {
				if err := insight.Write(out, format, report(t, w, access.ByOperator(apptest.City), w.Units["city"].ID), "zh-CN"); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(a.Bytes(), b.Bytes()) {
				t.Errorf("%s: two runs differ", format)
			}
		}
	})
}
