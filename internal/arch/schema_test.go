package arch

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"qianshao/internal/app"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/dbtest"
	"qianshao/internal/platform/migrate"
)

var background = context.Background()

func shapes(t *testing.T, d *db.DB) []db.Shape {
	t.Helper()
	var out []db.Shape
	err := d.Snapshot(background, func(s *db.Snap) (err error) { out, err = s.Shapes(background); return err })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// names runs a catalog query and joins the columns of each row.
func names(t *testing.T, d *db.DB, text string) []string {
	t.Helper()
	rows, err := d.Raw().Query(text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// Every business table belongs to a tenant, its key begins with it, and both engines have the same tables.
func TestTablesBelongToATenant(t *testing.T) {
	lite := shapes(t, dbtest.SQLite(t))
	for _, s := range lite {
		if db.SharedTables[s.Name] {
			if slices.Contains(s.Key, "city_id") && s.Name != "tenants" {
				t.Errorf("%s is listed as shared and has a tenant in its key", s.Name)
			}
			continue
		}
		if s.Key[0] != "city_id" {
			t.Errorf("%s: the key begins with %s, not city_id", s.Name, s.Key[0])
		}
	}
	pg := shapes(t, dbtest.Postgres(t))
	if len(pg) != len(lite) {
		t.Fatalf("%d tables on one engine, %d on the other", len(lite), len(pg))
	}
	byName := map[string]db.Shape{}
	for _, s := range pg {
		byName[s.Name] = s
	}
	for _, s := range lite {
		p := byName[s.Name]
		if !slices.Equal(s.Columns, p.Columns) || !slices.Equal(s.Kinds, p.Kinds) || !slices.Equal(s.Key, p.Key) {
			t.Errorf("%s differs: %v %v %v on one engine, %v %v %v on the other", s.Name, s.Columns, s.Kinds, s.Key, p.Columns, p.Kinds, p.Key)
		}
	}
}

// The live PostgreSQL catalog holds to the rules that let the schema be spread over machines later.
func TestSchema(t *testing.T) {
	d := dbtest.Postgres(t)
	const ours = ` AND r.relname <> 'goose_db_version' AND r.relnamespace = current_schema()::regnamespace`
	for rule, text := range map[string]string{
		"a unique index does not begin with city_id": `SELECT r.relname || ' ' || i.relname FROM pg_index x JOIN pg_class r ON r.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
			JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = x.indkey[0] WHERE x.indisunique AND a.attname <> 'city_id'` + ours,
		"a foreign key does not begin with the tenant on both sides": `SELECT r.relname || ' ' || c.conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
			JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
			WHERE c.contype = 'f' AND (a.attname <> 'city_id' OR b.attname <> 'city_id' OR array_length(c.conkey, 1) < 2)` + ours,
		"a foreign key clears what refers, or can be deferred": `SELECT r.relname || ' ' || c.conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
			WHERE c.contype = 'f' AND (c.confdeltype NOT IN ('a', 'r', 'c') OR c.condeferrable)` + ours,
		"a trigger": `SELECT r.relname || ' ' || g.tgname FROM pg_trigger g JOIN pg_class r ON r.oid = g.tgrelid WHERE NOT g.tgisinternal` + ours,
		"a number made by the database": `SELECT r.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid LEFT JOIN pg_attrdef f ON f.adrelid = r.oid AND f.adnum = a.attnum
			WHERE r.relkind = 'r' AND (a.attidentity <> '' OR a.attgenerated <> '' OR pg_get_expr(f.adbin, f.adrelid) LIKE 'nextval%')` + ours,
		"an enum or an array": `SELECT r.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid JOIN pg_type y ON y.oid = a.atttypid
			WHERE r.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND (y.typtype = 'e' OR y.typcategory = 'A')` + ours,
		"city_id is not a number that is always there": `SELECT r.relname FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid WHERE r.relkind = 'r' AND a.attname = 'city_id' AND (NOT a.attnotnull OR a.atttypid <> 'bigint'::regtype)` + ours,
	} {
		for _, found := range names(t, d, text) {
			table, _, _ := strings.Cut(strings.ReplaceAll(found, ".", " "), " ")
			if db.SharedTables[table] && !strings.Contains(rule, "trigger") && !strings.Contains(rule, "made by") {
				continue
			}
			t.Errorf("%s: %s", rule, found)
		}
	}
}

var reAlter = regexp.MustCompile(`(?is)alter\s+table[^;]*,\s*(add|drop|alter|rename)\b`)

// Steps are numbered without gaps and hold one ALTER sub-command a statement.
func TestSteps(t *testing.T) {
	for _, e := range []db.Engine{db.SQLite, db.Postgres} {
		for i, n := range migrate.Names(e) {
			if want := fmt.Sprintf("%04d_", i+1); !strings.HasPrefix(n, want) {
				t.Errorf("%s: step %d is called %s", e, i+1, n)
			}
			text, err := migrate.Text(e, n)
			if err != nil {
				t.Fatal(err)
			}
			if reAlter.MatchString(text) {
				t.Errorf("%s: one ALTER sub-command a statement", n)
			}
		}
	}
}

// uncovered are business tables the ledger does not answer for, each with the reason.
var uncovered = map[string]string{
	"logs": "the log itself", "acts": "the log itself", "log_hashes": "the log itself", "act_parts": "the log itself", "checkpoints": "signed by themselves", "countersignatures": "signed by their witnesses",
	"rollups": "sums of tallies; measure.Check holds them against the rows",
	"splits":  "sums of tallies and clocks; measure.CheckSplits holds them against the rows", "recounts": "what shares count twice, found anew from tallies",
	"texts": "made from the rows it lets one find", "counters": "the last number given out; the numbers stand in covered rows",
	"settings": "each change is an act with its value",
}

// Every business table is answered for by the ledger, is scratch, or is on the list with its reason.
func TestCovered(t *testing.T) {
	covered := map[string]bool{}
	for _, x := range app.Covered() {
		covered[x.Name] = true
	}
	for _, s := range shapes(t, dbtest.SQLite(t)) {
		if !covered[s.Name] && uncovered[s.Name] == "" && !db.ScratchTables[s.Name] && !db.SharedTables[s.Name] {
			t.Errorf("%s: a business table that no act answers for", s.Name)
		}
	}
}
