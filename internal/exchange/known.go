package exchange

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// bearer is a matter that bears a number of the file, with the unit of its subject.
type bearer struct {
	flow.Matter
	unit id.Key
}

// numbers are the matters of a kind that bear the numbers of a file. Only those the actor may see are ever spoken of:
// to say that a number is known is to say that there is such a matter.
type numbers struct {
	seen, unseen map[string][]bearer
}

// numbersOf reads the matters of a kind that bear some numbers, in the registers of the whole tenant: two registers may
// use the same number. What of them the actor has in sight is said by a permission, not always the one to read them.
func (p *pass) numbersOf(ctx context.Context, kind string, sight access.Perm, nos map[string]bool) (numbers, error) {
	out := numbers{map[string][]bearer{}, map[string][]bearer{}}
	var list []string
	for no := range nos {
		list = append(list, no)
	}
	for len(list) > 0 {
		part := list[:min(len(list), 500)]
		list = list[len(part):]
		visible, err := p.bearing(ctx, kind, part, p.who.Scope(sight))
		if err != nil {
			return out, err
		}
		may := map[id.Key]bool{}
		for _, m := range visible {
			may[m.ID.Key] = true
			out.seen[m.No] = append(out.seen[m.No], m)
		}
		if p.who.Automatic() {
			continue
		}
		all, err := p.bearing(ctx, kind, part, access.ByProgram(p.r.City()).Scope(sight))
		if err != nil {
			return out, err
		}
		for _, m := range all {
			if !may[m.ID.Key] {
				out.unseen[m.No] = append(out.unseen[m.No], m)
			}
		}
	}
	return out, nil
}

// bearing reads the matters of a kind with these numbers that are in a scope. The kind is said so that no index serves it:
// the few numbers are looked up, not all of a kind.
func (p *pass) bearing(ctx context.Context, kind string, nos []string, in access.Scope) ([]bearer, error) {
	b := db.Build(`SELECT `+flow.Columns+`, COALESCE(b.unit_id, '') FROM matters m LEFT JOIN subjects b ON b.city_id = m.city_id AND b.matter_id = m.id AND b.n = 1
		WHERE m.city_id = $1 AND m.kind || '' = ?`, kind).In(" AND ", "m.no", nos)
	text, args := in.Where(b, "m", p.r.City()).Add(` ORDER BY m.id`).SQL()
	return db.All(ctx, p.r, func(rows *db.Rows) (k bearer, err error) {
		k.ID.City = p.r.City()
		return k, rows.Scan(append(k.Dest(), &k.unit)...)
	}, text, args...)
}

// is says whether the matter is what a row speaks of, whatever register it stands in: what names one of an organ's own
// people went up when it was entered. A row may leave the unit empty where an export did.
func (k bearer) is(w *past) bool {
	return k.Received == w.m.Received && k.Subject == w.m.Subject && k.SubjectPost == w.m.SubjectPost && (k.unit == w.unit.ID.Key || w.rec.get("unit") == "")
}

// ownNumber are the matters a row's number stands for, as far as the actor may see them: those of the register that
// the row goes to, and the row's own matter where that stands in another.
func (x *importer) ownNumber(w *past, organ access.Unit) (out []bearer) {
	for _, k := range x.there.seen[w.m.No] {
		if k.Organ == organ.ID || k.is(w) {
			out = append(out, k)
		}
	}
	return out
}

// entered says whether the row's matter is there already where the actor can't see it: it went to the register above,
// or they stepped aside from it. Such a row is said to be new, and is not written twice.
func (x *importer) entered(w *past, organ access.Unit) bool {
	for _, k := range x.there.unseen[w.m.No] {
		if (k.Organ == organ.ID || k.Level < organ.Level) && k.is(w) {
			return true
		}
	}
	return false
}

// parent is the matter that a row says it came from. It stands in the row's register, or in one above if it went up and
// is about the same county; what the actor has not in sight is not there, and of several none is taken. Sight is that of
// the row's own kind: case supervision reads no tip-offs but is told which ones were moved on (JK 14–18), so it may say
// which of its register's a clue came from, and learns no more than that the number is in use.
func (x *importer) parent(no string, w *past, organ access.Unit) (flow.Matter, bool) {
	var own, above []bearer
	for _, k := range x.parents.seen[no] {
		switch {
		case k.Organ == organ.ID:
			own = append(own, k)
		case k.Level < organ.Level && x.p.units.all[k.unit].County == w.unit.County:
			above = append(above, k)
		}
	}
	if len(own) == 0 {
		own = above
	}
	if len(own) != 1 {
		return flow.Matter{}, false
	}
	return own[0].Matter, true
}
