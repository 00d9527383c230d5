package text

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
)

// TestPostgresPlans: over all cities of a province, a word that many texts have is found among the newest of them all, and
// one that few have in the column's index. Neither is looked for city by city, and no table is read whole.
func TestPostgresPlans(t *testing.T) {
	d := dbtest.Postgres(t)
	var cities []id.City
	for c := range id.City(10) {
		cities = append(cities, c+1)
		if _, err := d.Raw().Exec(`INSERT INTO tenants (city_id, kind, name) VALUES ($1, 'city', '市')`, int64(c+1)); err != nil {
			t.Fatal(err)
		}
	}
	err := d.Fill(background, func(f *db.Filler) error {
		x := Filling{F: f, Engine: d.Engine}
		for i := range 20000 {
			s := fmt.Sprintf("反映第%d件", i)
			if i%3 == 0 {
				s += "涉及冷库项目"
			}
			if i%2000 == 0 {
				s += "涉及界桩埋设"
			}
			r := Ready{Matter: d.Keys.New(int64(i+1) * 1e6), Plain: Bare(s), Terms: []string{"zzkclue"}}
			r.Cut(d.Engine)
			x.City = cities[i%len(cities)]
			if err := x.Texts([]Ready{r}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Raw().Exec(`ANALYZE`); err != nil {
		t.Fatal(err)
	}
	for word, index := range map[string]string{"冷库": "Index Scan Backward using texts_newest on texts", "冷库项目": "Index Scan Backward using texts_newest on texts", "界桩": "Bitmap Index Scan on texts_words"} {
		var plan string
		statements := 0
		ctx := db.WithStats(background, &db.Stats{Seen: func(text string, args []any) {
			statements++
			plan += explained(t, d, text, args)
		}})
		hits, err := Find(ctx, d.Shared(), d.Engine, cities, Query{Terms: Parse(word), Extra: []string{"zzkclue"}, Limit: 10})
		if err != nil || len(hits) != 10 || statements != 1 {
			t.Errorf("%s: %d hits of %d statements, %v", word, len(hits), statements, err)
		}
		if !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan on texts") {
			t.Errorf("%s: %s", word, plan)
		}
	}
}

func explained(t *testing.T, d *db.DB, text string, args []any) (plan string) {
	t.Helper()
	rows, err := d.Raw().QueryContext(context.Background(), "EXPLAIN "+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan += line + "\n"
	}
	return plan
}
