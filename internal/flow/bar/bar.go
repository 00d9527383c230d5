// Package bar keeps people from families of matters: it writes what package access reads.
//
// The words: a bar keeps a person from a whole family. *Named*: the family speaks of them; *recused*: so it was decided. A
// *namesake* has the name of somebody named whom nobody knows to be one of the system's own people: barred from that one
// family until the organ above has answered whether they are the same.
//
// Whoever a matter names may be one of the system's own people without anybody having said so: the report gave a name and
// no record, or the person was appointed afterwards. The same record is certain, and bars for good. The same name where
// the two could meet is a question. Neither is told to whoever names or appoints: the appointment's act speaks of the
// appointment only, and the question is asked later, by the program, in the log of the matter's organ (package namesake).
//
// Invariants: a bar is never taken back; what was answered of two once is not asked again.
//
// Start at Set; Doubt and Appointed find the namesakes.
package bar

import (
	"context"
	"errors"
	"slices"

	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// The grounds of a bar.
const (
	Named   = "named"
	Recused = "recused"
)

var barTable = &ledger.Table{Name: "bars", Key: []string{"person_id", "root_id", "why"}}

// Tables are the covered tables of this package.
func Tables() []*ledger.Table { return []*ledger.Table{barTable, namesakeTable} }

// Set takes a person's sight of a family of matters away.
func Set(ctx context.Context, tx *ledger.Tx, person, root id.Key, why string) error {
	_, err := tx.InsertOnce(ctx, barTable, person, root, why)
	return err
}

// Join lets what keeps people from one family keep them from another too, which it becomes part of.
func Join(ctx context.Context, tx *ledger.Tx, from, to id.Key) error {
	barred, err := db.All(ctx, tx, func(rows *db.Rows) (b [2]string, err error) { return b, rows.Scan(&b[0], &b[1]) },
		`SELECT person_id, why FROM bars WHERE city_id = $1 AND root_id = $2`, from)
	if err != nil {
		return err
	}
	for _, b := range barred {
		if err := Set(ctx, tx, b[0], to, b[1]); err != nil {
			return err
		}
	}
	asked, err := Namesakes(ctx, tx, from)
	if err != nil {
		return err
	}
	for _, n := range asked {
		n.Root, n.Version = to, 1
		if _, err := tx.InsertOnce(ctx, namesakeTable, n.row()...); err != nil {
			return err
		}
	}
	return nil
}

// How somebody came to have the name of a person named, and what was answered.
const (
	CameNamed     = "named"     // held a post when the matter was entered
	CameAppointed = "appointed" // got one afterwards
	CamePost      = "post"      // no name was said, and they hold the post that was

	Open  = "open"
	Same  = "same"
	Other = "other"
)

var namesakeTable = &ledger.Table{Name: "namesakes", Key: []string{"person_id", "root_id"}, Cols: []string{"matter_id", "person_name", "came", "state", "since_on", "decider_id", "decider_name",
	"decided_on", "note", "clock_id", "version"}, Version: "version"}

// Namesake is one of the system's own people who has the name of somebody named in a family of matters.
type Namesake struct {
	Person      id.ID
	Root        id.Key
	Matter      id.Key
	Name        string
	Came        string
	State       string
	Since       calendar.Date
	Decider     id.Key
	DeciderName string
	Decided     calendar.Date
	Note        string
	Clock       id.Key
	Version     int64
}

func (n Namesake) row() []any {
	return []any{n.Person.Key, n.Root, n.Matter, n.Name, n.Came, n.State, n.Since, n.Decider, n.DeciderName, n.Decided, n.Note, n.Clock, n.Version}
}

func list(ctx context.Context, r db.Reader, where string, args ...any) ([]Namesake, error) {
	return db.All(ctx, r, func(rows *db.Rows) (Namesake, error) {
		n := Namesake{Person: id.ID{City: r.City()}}
		return n, rows.Scan(&n.Person.Key, &n.Root, &n.Matter, &n.Name, &n.Came, &n.State, &n.Since, &n.Decider, &n.DeciderName, &n.Decided, &n.Note, &n.Clock, &n.Version)
	}, `SELECT n.person_id, n.root_id, n.matter_id, n.person_name, n.came, n.state, n.since_on, n.decider_id, n.decider_name, n.decided_on, n.note, n.clock_id, n.version
		FROM namesakes n WHERE n.city_id = $1 AND `+where, args...)
}

// doubt bars somebody from a family for the time being. What was asked of the two once is not asked again.
func doubt(ctx context.Context, tx *ledger.Tx, person, root, matter id.Key, name, came string) error {
	n := Namesake{Person: id.ID{Key: person}, Root: root, Matter: matter, Name: name, Came: came, State: Open, Since: tx.Today(), Version: 1}
	_, err := tx.InsertOnce(ctx, namesakeTable, n.row()...)
	return err
}

// Subject is what is known of somebody named.
type Subject struct {
	Name     string
	Unit     id.Key
	Official id.Key // their record in the register, if they have one
}

// Doubt looks among the system's own people for those who have the name of a subject whom nobody knows to be one of
// them, and who could come upon the matter: at work in the subject's county, or in the city's own organ.
func Doubt(ctx context.Context, tx *ledger.Tx, root, matter id.Key, s Subject) error {
	if text.Name(s.Name) == "" || s.Unit == "" {
		return nil
	}
	if s.Official != "" { // the register may say that they are somebody else
		var person id.Key
		err := tx.Row(ctx, `SELECT o.person_id FROM officials o WHERE o.city_id = $1 AND o.id = $2`, s.Official).Scan(&person)
		if err != nil && !errors.Is(err, db.ErrNoRows) || person != "" {
			return err
		}
	}
	// CROSS JOIN keeps the order: from the few of one name to their posts.
	b := db.Build(`SELECT DISTINCT p.id, p.name FROM people p CROSS JOIN holdings h CROSS JOIN units u CROSS JOIN units s WHERE p.city_id = $1 AND s.city_id = p.city_id AND s.id = ?
		AND h.city_id = p.city_id AND h.person_id = p.id AND (h.to_on = '' OR h.to_on > ?)
		AND u.city_id = h.city_id AND u.id = h.unit_id AND (u.county_id = s.county_id OR u.county_id = '')
		AND NOT EXISTS (SELECT 1 FROM bars x WHERE x.city_id = p.city_id AND x.person_id = p.id AND x.root_id = ?)`, s.Unit, tx.Today(), root)
	q, args := b.In(" AND ", "p.name", spellings(s.Name)).Add(` ORDER BY p.id`).SQL()
	ps, err := db.All(ctx, tx, func(rows *db.Rows) (p [2]string, err error) { return p, rows.Scan(&p[0], &p[1]) }, q, args...)
	if err != nil {
		return err
	}
	for _, p := range ps {
		if err := doubt(ctx, tx, p[0], root, matter, p[1], CameNamed); err != nil {
			return err
		}
	}
	return nil
}

// DoubtPost bars somebody who holds the post that a matter speaks of, where others hold it too and no name was said.
func DoubtPost(ctx context.Context, tx *ledger.Tx, root, matter, person id.Key) error {
	var name string
	if err := tx.Row(ctx, `SELECT p.name FROM people p WHERE p.city_id = $1 AND p.id = $2`, person).Scan(&name); err != nil {
		return err
	}
	return doubt(ctx, tx, person, root, matter, name, CamePost)
}

// Appointed is told in the transaction of an appointment who got a post at which unit. It bars them from every family that
// names them.
func Appointed(ctx context.Context, tx *ledger.Tx, person, unit id.Key) error {
	var name string
	if err := tx.Row(ctx, `SELECT p.name FROM people p WHERE p.city_id = $1 AND p.id = $2`, person).Scan(&name); err != nil {
		return err
	}
	known, err := db.Column[id.Key](ctx, tx, `SELECT DISTINCT m.root_id FROM officials o CROSS JOIN subjects s CROSS JOIN matters m
		WHERE o.city_id = $1 AND o.person_id = $2 AND s.city_id = o.city_id AND s.official_id = o.id AND m.city_id = s.city_id AND m.id = s.matter_id ORDER BY m.root_id`, person)
	if err != nil {
		return err
	}
	for _, root := range known {
		if err := Set(ctx, tx, person, root, Named); err != nil {
			return err
		}
	}
	type named struct{ root, matter id.Key }
	b := db.Build(`SELECT m.root_id, m.id FROM subjects s CROSS JOIN matters m CROSS JOIN units a CROSS JOIN units u WHERE s.city_id = $1 AND s.person_id = ''
		AND m.city_id = s.city_id AND m.id = s.matter_id AND a.city_id = s.city_id AND a.id = s.unit_id
		AND u.city_id = s.city_id AND u.id = ? AND (a.county_id = u.county_id OR u.county_id = '')
		AND NOT EXISTS (SELECT 1 FROM officials o WHERE o.city_id = s.city_id AND o.id = s.official_id AND o.person_id <> '')
		AND NOT EXISTS (SELECT 1 FROM bars x WHERE x.city_id = m.city_id AND x.person_id = ? AND x.root_id = m.root_id)`, unit, person)
	q, args := b.In(" AND ", "s.name", spellings(name)).Add(` ORDER BY m.open DESC, m.id`).SQL()
	alike, err := db.All(ctx, tx, func(rows *db.Rows) (n named, err error) { return n, rows.Scan(&n.root, &n.matter) }, q, args...)
	if err != nil {
		return err
	}
	for _, n := range alike { // of a family's matters the first one that is still open asks
		if err := doubt(ctx, tx, person, n.root, n.matter, name, CameAppointed); err != nil {
			return err
		}
	}
	return nil
}

// spellings are the ways in which one name is written down: together, or with blanks between its characters.
func spellings(name string) []string {
	out := []string{text.Name(name)}
	for _, blank := range []string{" ", "  ", "　", "　　"} {
		spaced := ""
		for i, c := range []rune(out[0]) {
			if i > 0 {
				spaced += blank
			}
			spaced += string(c)
		}
		out = append(out, spaced)
	}
	if !slices.Contains(out, name) {
		out = append(out, name)
	}
	return out
}

// Namesakes lists who has the name of somebody named in a family, the first found first.
func Namesakes(ctx context.Context, r db.Reader, root id.Key) ([]Namesake, error) {
	return list(ctx, r, `n.root_id = $2 ORDER BY n.since_on, n.person_id`, root)
}

// Unasked lists the namesakes of a tenant whom nobody has been asked about, in matters that are open: on one that has ended
// there is nothing to come upon that waits.
func Unasked(ctx context.Context, r db.Reader) ([]Namesake, error) {
	return list(ctx, r, `n.clock_id = '' AND n.state = 'open' AND EXISTS (SELECT 1 FROM matters m WHERE m.city_id = n.city_id AND m.id = n.matter_id AND m.open = TRUE) ORDER BY n.root_id, n.person_id`)
}

// Beside lists the open questions about one person that hang on one matter: several when it joined another family.
func Beside(ctx context.Context, r db.Reader, n Namesake) ([]Namesake, error) {
	return list(ctx, r, `n.person_id = $2 AND n.matter_id = $3 AND n.state = 'open' ORDER BY n.root_id`, n.Person.Key, n.Matter)
}

// Get reads one.
func Get(ctx context.Context, r db.Reader, person, root id.Key) (Namesake, error) {
	ns, err := list(ctx, r, `n.person_id = $2 AND n.root_id = $3`, person, root)
	if err != nil {
		return Namesake{}, err
	}
	if len(ns) == 0 {
		return Namesake{}, fault.Hidden()
	}
	return ns[0], nil
}

// Save writes what changed of one.
func Save(ctx context.Context, tx *ledger.Tx, n Namesake) error {
	return tx.Update(ctx, namesakeTable, n.row()...)
}
