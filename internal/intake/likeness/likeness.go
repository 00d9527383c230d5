// Package likeness finds, among sealed letters that nobody has opened, those that say the same as others.
//
// The words: a print is a keyed fingerprint of a letter: whom it is about, and its text as a set of small pieces of which
// only the least are kept. It is made by the program, in memory, while the organ's key is unlocked; no person sees a word,
// and each time is an act. Letters are alike when much of their text is the same, or when both are about the same person
// as written.
//
// Invariants: while an organ's key is locked nothing is made, compared or known; a print is keyed with a secret of that key
// and stored sealed under another, so that the database alone shows neither what a letter says nor which are alike, within
// an organ or between two; an organ compares what it may open, its own letters and what rose to it from below (D14); what
// is alike is kept in memory and forgotten with the key.
//
// Start at Keeper.Update and Keeper.Of.
package likeness

import (
	"context"
	"slices"
	"sync"

	"qianshao/internal/access"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
)

const (
	most     = 5000 // letters of an organ that are compared, the newest
	portion  = 100  // letters in one act
	alike    = 0.4  // of the text the same
	letters  = "letter"
	purpose  = "likeness"
	crowd    = 200 // letters of one kind that are held against each other, the newest: a flood must not hold the rest up
	shownFor = 20  // like one letter
)

// Keeper makes prints and compares them.
type Keeper struct {
	Ledger *ledger.Ledger
	Ring   *seal.Ring
	// Tenants lists where letters may have risen from.
	Tenants func(ctx context.Context) ([]id.City, error)
	mu      sync.Mutex
	known   map[string]*known
}

// known is what is known of an organ's letters while its key is unlocked.
type known struct {
	mark   string
	prints map[id.ID]Print
	like   map[id.ID][]id.ID
}

// Like is a letter that another is like.
type Like struct {
	ID    id.ID
	No    string
	State string
}

// Update makes the prints that an organ lacks and finds which letters are alike; where its key is locked it forgets them.
// It says how many letters it read.
func (k *Keeper) Update(ctx context.Context, organ id.ID) (int, error) {
	privates, open := k.Ring.Held(organ.String())
	if !open || len(privates) == 0 {
		k.forget(organ)
		return 0, nil
	}
	d := seal.Derive(privates[0], purpose)
	tenants, err := k.Tenants(ctx)
	if err != nil {
		return 0, err
	}
	now, read := &known{mark: d.Mark(), prints: map[id.ID]Print{}, like: map[id.ID][]id.ID{}}, 0
	for _, city := range tenants {
		n, err := k.city(ctx, city, organ, privates, d, now)
		if err != nil {
			return read, err
		}
		read += n
	}
	if read > 0 || k.stale(organ, now) {
		now.pair()
		k.mu.Lock()
		if k.known == nil {
			k.known = map[string]*known{}
		}
		k.known[organ.String()] = now
		k.mu.Unlock()
	}
	if !k.Ring.Unlocked(organ.String()) { // locked meanwhile
		k.forget(organ)
	}
	return read, nil
}

func (k *Keeper) stale(organ id.ID, now *known) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	was := k.known[organ.String()]
	if was == nil || was.mark != now.mark || len(was.prints) != len(now.prints) {
		return true
	}
	for l := range now.prints {
		if _, ok := was.prints[l]; !ok {
			return true
		}
	}
	return false
}

func (k *Keeper) forget(organ id.ID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.known, organ.String())
}

// Tend forgets every organ whose key is locked by now.
func (k *Keeper) Tend() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for organ := range k.known {
		if !k.Ring.Unlocked(organ) {
			delete(k.known, organ)
		}
	}
}

// stored is a letter that an organ may open, and its print where there is one.
type stored struct {
	letter id.Key
	at     id.Key // the register it stands in
	mark   string
	print  []byte
}

// city reads the prints of one tenant's letters, and makes those that are not there.
func (k *Keeper) city(ctx context.Context, city id.City, organ id.ID, privates []string, d seal.Derived, now *known) (int, error) {
	r := k.Ledger.DB.In(city)
	b := db.Build(`SELECT m.id, m.at, COALESCE(x.mark, ''), x.sealed FROM (
		SELECT o.id, o.organ_id AS at FROM matters o WHERE o.city_id = $1 AND o.organ_city = ? AND o.organ_id = ? AND o.kind = '`+letters+`'
		UNION SELECT c.matter_id, o.organ_id FROM clocks c JOIN matters o ON o.city_id = c.city_id AND o.id = c.matter_id WHERE c.city_id = $1 AND c.owed_city = ? AND c.owed_id = ? AND c.rule = '`+flow.RuleRisen+`'
			AND c.state IN ('open', 'paused') AND o.kind = '`+letters+`') m
		LEFT JOIN likenesses x ON x.city_id = $1 AND x.letter_id = m.id AND x.organ_city = ? AND x.organ_id = ?`,
		int64(organ.City), organ.Key, int64(organ.City), organ.Key, int64(organ.City), organ.Key)
	text, args := b.Add(` ORDER BY m.id DESC LIMIT ?`, most).SQL()
	all, err := db.All(ctx, r, func(rows *db.Rows) (s stored, err error) { return s, rows.Scan(&s.letter, &s.at, &s.mark, &s.print) }, text, args...)
	if err != nil {
		return 0, err
	}
	var lack []id.Key
	log := organ
	for _, s := range all {
		l := id.ID{City: city, Key: s.letter}
		if s.mark == d.Mark() {
			if plain, err := d.Open(s.print, l.String()); err == nil {
				if p, err := parse(plain); err == nil {
					now.prints[l] = p
					continue
				}
			}
		}
		if lack = append(lack, s.letter); city != organ.City {
			log = id.ID{City: city, Key: s.at} // what rose from another tenant is read in its log
		}
	}
	for some := range slices.Chunk(lack, portion) {
		if err := k.make(ctx, city, organ, log, some, privates, d, now); err != nil {
			return 0, err
		}
	}
	return len(lack), nil
}

// make reads letters and stores their prints: the program's doing, and an act.
func (k *Keeper) make(ctx context.Context, city id.City, organ, log id.ID, some []id.Key, privates []string, d seal.Derived, now *known) error {
	made := map[id.Key]Print{}
	text, args := db.Build(`SELECT l.id, l.outside, e.sealed FROM letters l JOIN envelopes e ON e.city_id = l.city_id AND e.matter_id = l.id AND e.what = '`+letters+`' WHERE l.city_id = $1`).In(` AND `, "l.id", some).SQL()
	_, err := db.All(ctx, k.Ledger.DB.In(city), func(rows *db.Rows) (none struct{}, err error) {
		var key id.Key
		var outside string
		var sealed []byte
		if err := rows.Scan(&key, &outside, &sealed); err != nil {
			return none, err
		}
		var p Print // of what can't be opened: like nothing
		if o, err := envelope.ParseOutside([]byte(outside)); err == nil {
			if plain, err := seal.Open(sealed, privates...); err == nil {
				if l, err := o.Read(plain); err == nil {
					p = of(l, d)
				}
			}
		}
		made[key] = p
		return none, nil
	}, text, args...)
	if err != nil {
		return err
	}
	_, err = k.Ledger.Write(ctx, access.ByProgram(city), city, func(tx *ledger.Tx) (ledger.Act, error) {
		for key, p := range made {
			l := id.ID{City: city, Key: key}
			sealed, err := d.Seal(p.bytes(), l.String())
			if err != nil {
				return ledger.Act{}, err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO likenesses (city_id, organ_city, organ_id, letter_id, mark, sealed) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (city_id, organ_city, organ_id, letter_id) DO UPDATE SET mark = $5, sealed = $6`, int64(organ.City), organ.Key, key, d.Mark(), sealed); err != nil {
				return ledger.Act{}, err
			}
		}
		return ledger.Act{Action: "letter.compare", Organ: log, About: "unit/" + organ.String(), Params: map[string]any{"letters": len(made)}}, nil
	})
	if err != nil {
		return err
	}
	for key, p := range made {
		now.prints[id.ID{City: city, Key: key}] = p
	}
	return nil
}

// pair finds which letters are alike: those that share a band of their least pieces, or whom they are about, and no others
// are held against each other.
func (n *known) pair() {
	groups := map[[rows + 1]uint64][]id.ID{}
	add := func(l id.ID, key [rows + 1]uint64) { groups[key] = append(groups[key], l) }
	for l, p := range n.prints {
		if p.Who != 0 {
			add(l, [rows + 1]uint64{p.Who, 0, bands})
		}
		for b := range bands {
			if !p.Some {
				break
			}
			var key [rows + 1]uint64
			for i := range rows {
				key[i] = uint64(p.Text[b*rows+i])
			}
			key[rows] = uint64(b)
			add(l, key)
		}
	}
	like := map[id.ID]map[id.ID]bool{}
	for _, g := range groups {
		if len(g) > crowd {
			slices.SortFunc(g, func(a, b id.ID) int { return -compare(a, b) })
			g = g[:crowd]
		}
		for i, x := range g {
			for _, y := range g[i+1:] {
				if like[x][y] || !n.prints[x].like(n.prints[y]) {
					continue
				}
				for _, p := range [][2]id.ID{{x, y}, {y, x}} {
					if like[p[0]] == nil {
						like[p[0]] = map[id.ID]bool{}
					}
					like[p[0]][p[1]] = true
				}
			}
		}
	}
	for l, others := range like {
		for o := range others {
			n.like[l] = append(n.like[l], o)
		}
		slices.SortFunc(n.like[l], func(a, b id.ID) int { return -compare(a, b) })
	}
}

func (p Print) like(o Print) bool { return p.Who != 0 && p.Who == o.Who || p.alike(o) >= alike }

func compare(a, b id.ID) int {
	switch {
	case a.Key < b.Key:
		return -1
	case a.Key > b.Key:
		return 1
	}
	return 0
}

// Of says what is known of letters that an organ's custodian looks at, of those alike that the reader may see: newest first,
// nothing while the key is locked.
func (k *Keeper) Of(ctx context.Context, who access.Actor, organ id.ID, ls []id.ID) (map[id.ID][]Like, error) {
	out := map[id.ID][]Like{}
	if !who.Can(access.ReporterOpen) || !who.Is(access.Intake, organ) || !k.Ring.Unlocked(organ.String()) {
		return out, nil
	}
	found := map[id.ID][]id.ID{}
	byCity := map[id.City][]string{}
	k.mu.Lock()
	if n := k.known[organ.String()]; n != nil {
		for _, l := range ls {
			if found[l] = n.like[l]; len(found[l]) > shownFor {
				found[l] = found[l][:shownFor]
			}
			for _, o := range found[l] {
				if !slices.Contains(byCity[o.City], o.Key) {
					byCity[o.City] = append(byCity[o.City], o.Key)
				}
			}
		}
	}
	k.mu.Unlock()
	seen := map[id.ID]Like{}
	for city, keys := range byCity {
		b := db.Build(`SELECT m.id, m.no, m.state FROM matters m WHERE m.city_id = $1`).In(` AND `, "m.id", keys)
		text, args := who.Scope(access.LetterRead).Where(b, "m", city).SQL()
		ms, err := db.All(ctx, k.Ledger.DB.In(city), func(rows *db.Rows) (x Like, err error) {
			x.ID.City = city
			return x, rows.Scan(&x.ID.Key, &x.No, &x.State)
		}, text, args...)
		if err != nil {
			return out, err
		}
		for _, x := range ms {
			seen[x.ID] = x
		}
	}
	for l, others := range found {
		for _, o := range others {
			if x, ok := seen[o]; ok {
				out[l] = append(out[l], x)
			}
		}
	}
	return out, nil
}

// Forget removes what a letter would be found by, in the transaction that destroys it.
func Forget(ctx context.Context, tx *ledger.Tx, letter id.Key) error {
	_, err := tx.Exec(ctx, `DELETE FROM likenesses WHERE city_id = $1 AND letter_id = $2`, letter)
	return err
}
