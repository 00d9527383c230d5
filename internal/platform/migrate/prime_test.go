package migrate_test

import (
	"context"
	"strings"
	"testing"

	"qianshao/internal/platform/db"
	"qianshao/internal/platform/migrate"
)

// A new database already plans as a full one would: the tenant alone picks nothing.
func TestEmptyPlansAsFull(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(context.Context, *db.DB) error{
		"new":                          func(context.Context, *db.DB) error { return nil },
		"for a backup of this version": func(ctx context.Context, d *db.DB) error { return migrate.To(ctx, d, migrate.Latest()) },
	} {
		t.Run(name, func(t *testing.T) { plansAsFull(t, prepare) })
	}
}

func plansAsFull(t *testing.T, prepare func(context.Context, *db.DB) error) {
	ctx := context.Background()
	d, err := db.Open(ctx, "sqlite:"+t.TempDir()+"/x.db", db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := prepare(ctx, d); err != nil {
		t.Fatal(err)
	}
	if _, err := migrate.Up(ctx, d, nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`SELECT p.id, s.n FROM proposals p JOIN proposal_steps s ON s.city_id = p.city_id AND s.proposal_id = p.id WHERE p.city_id = 2 AND p.matter_id = 'm' ORDER BY p.made_at DESC, p.id DESC, s.n`,
		`SELECT h.unit_id FROM bars b JOIN holdings h ON h.city_id = b.city_id AND h.person_id = b.person_id WHERE b.city_id = 2 AND b.root_id = 'r' AND b.why = 'named' AND h.from_on <= 'd'`,
		`SELECT u.id FROM units u WHERE u.city_id = 2 AND (u.id = 'a' OR u.id = 'b' OR u.organ_id = 'a' AND u.kind = 'office')`,
		`SELECT c.id FROM clocks c WHERE c.city_id = 2 AND c.matter_id = 'm' AND c.state IN ('open', 'paused') ORDER BY c.due_on, c.id`,
		`SELECT c.id FROM tenants z CROSS JOIN clocks c JOIN matters m ON m.city_id = c.city_id AND m.id = c.matter_id WHERE z.city_id = 2 AND c.city_id = z.city_id
			AND c.state IN ('open', 'paused') AND c.due_on <= 'd' AND m.kind IN ('clue', 'case') AND m.level >= 1 ORDER BY c.due_on, c.id LIMIT 50`,
	} {
		rows, err := d.Raw().Query("EXPLAIN QUERY PLAN " + q)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var a, b, c int
			var step string
			if err := rows.Scan(&a, &b, &c, &step); err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(step, "(city_id=?)") && !strings.Contains(step, "tenants") || strings.HasPrefix(step, "SCAN") || strings.HasPrefix(step, "BLOOM FILTER ON m") {
				t.Errorf("%s\nwalks a whole city: %s", q, step)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
}
