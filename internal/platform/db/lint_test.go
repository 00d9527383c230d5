package db

import "testing"

func TestLint(t *testing.T) {
	good := []string{
		`SELECT id FROM matters WHERE city_id = $1 AND id = $2`,
		`SELECT m.id FROM matters m JOIN subjects s ON s.city_id = m.city_id AND s.matter_id = m.id WHERE m.city_id = $1`,
		`INSERT INTO matters (city_id, id) VALUES ($1, $2) ON CONFLICT (city_id, id) DO UPDATE SET version = $3`,
		`INSERT INTO tallies (city_id, id) SELECT m.city_id, m.id FROM matters m WHERE m.city_id = $1`,
		`UPDATE matters SET state = $2 WHERE city_id = $1 AND id = $3`,
		`DELETE FROM bars WHERE city_id = $1`,
		`SELECT login FROM logins WHERE login = $1`,
		`SELECT name FROM units u WHERE u.city_id = $1 AND lower(u.name) LIKE lower($2)`,
	}
	for _, s := range good {
		if err := Lint(s); err != nil {
			t.Errorf("%s\nrefused: %v", s, err)
		}
	}
	bad := []string{
		`SELECT id FROM matters WHERE id = $1`,
		`SELECT m.id FROM matters m JOIN subjects s ON s.matter_id = m.id WHERE m.city_id = $1`,
		`SELECT id FROM matters WHERE city_id = $2`,
		`SELECT id FROM matters m WHERE city_id = $12`,
		`INSERT INTO matters (id, city_id) VALUES ($2, $1)`,
		`INSERT INTO matters (city_id, id) VALUES ($2, $1)`,
		`INSERT INTO matters (city_id, id) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
		`INSERT INTO matters VALUES ($1, $2)`,
		`SELECT * FROM matters WHERE city_id = $1`,
		`SELECT id FROM matters WHERE city_id = $1 FOR UPDATE`,
		`UPDATE matters SET state = $2 WHERE id = $3`,
		`DELETE FROM matters`,
		`SELECT id FROM units WHERE city_id = $1 AND name LIKE $2`,
		`SELECT id FROM matters WHERE city_id = $1 AND id = ANY($2)`,
	}
	for _, s := range bad {
		if err := Lint(s); err == nil {
			t.Errorf("%s\naccepted", s)
		}
	}
}

func TestScratchOnly(t *testing.T) {
	if err := scratchOnly(`INSERT INTO sessions (token) VALUES ($1)`); err != nil {
		t.Error(err)
	}
	for _, s := range []string{`UPDATE matters SET state = 1`, `DELETE FROM acts WHERE 1=1`, `INSERT INTO clocks (city_id) VALUES ($1)`} {
		if scratchOnly(s) == nil {
			t.Errorf("accepted %s", s)
		}
	}
}
