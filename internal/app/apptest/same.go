package apptest

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"qianshao/internal/access"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// sameCity is the city as it was built once in this process: building it act by act took most of a test's time.
type sameCity struct {
	tables  []sameTable
	units   map[string]access.Unit
	who     map[string]Person
	private map[id.Key]string
}

type sameTable struct {
	shape db.Shape
	rows  [][]any
}

var (
	cityMu sync.Mutex
	city   *sameCity
)

// keep reads the city that was just built.
func (w *World) keep() (*sameCity, error) {
	c := &sameCity{units: maps.Clone(w.Units), who: maps.Clone(w.Who), private: maps.Clone(w.private)}
	err := w.App.DB.Snapshot(Ctx, func(s *db.Snap) error {
		shapes, err := s.Shapes(Ctx)
		if err != nil {
			return err
		}
		for _, t := range shapes {
			x := sameTable{shape: t}
			err := s.Each(Ctx, t, func(vals []any) error {
				row := slices.Clone(vals)
				for i, v := range row {
					if b, ok := v.([]byte); ok {
						row[i] = slices.Clone(b)
					}
				}
				x.rows = append(x.rows, row)
				return nil
			})
			if err != nil {
				return err
			}
			if len(x.rows) > 0 {
				c.tables = append(c.tables, x)
			}
		}
		return nil
	})
	return c, err
}

// into writes the city into an empty migrated database, of either engine.
func (c *sameCity) into(d *db.DB) error {
	tx, err := d.Raw().BeginTx(Ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing is left of it once it is committed
	for _, t := range c.tables {
		var args []any
		lines := make([]string, len(t.rows))
		for i, row := range t.rows {
			places := make([]string, len(row))
			for j := range row {
				places[j] = "$" + strconv.Itoa(len(args)+j+1)
			}
			lines[i] = "(" + strings.Join(places, ", ") + ")"
			args = append(args, row...)
		}
		text := `INSERT INTO ` + t.shape.Name + ` (` + strings.Join(t.shape.Columns, ", ") + `) VALUES ` + strings.Join(lines, ", ")
		if _, err := tx.ExecContext(Ctx, text, args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}
