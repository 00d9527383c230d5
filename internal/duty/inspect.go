package duty

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/typed"
)

// Inspection is a day on the spot in a township, and what was found beside what is filed.
type Inspection struct {
	ID          id.Key
	Unit        id.Key
	On          calendar.Date
	Undisclosed bool // nobody was told before (暗访)
	Inspectors  string
	Looked      string // at what: papers, people spoken to, places
	Findings    []Finding
}

// Finding is what was found of one duty, one hand-back, or of what is in no filing.
type Finding struct {
	Duty      id.Key
	HandBack  id.Key
	Found     string // of the list inspection_found
	Note      string
	Deviation id.Key // the matter that came of it
}

// The codes of inspection_found that this room does something about.
const (
	foundBack   = "back"
	foundUnseen = "unseen"
)

// Inspect enters an inspection. What differs from a filing becomes a deviation, which is first of all a question; a task that was
// handed back and is found again creeps back.
func (s *Service) Inspect(ctx context.Context, who access.Actor, in Inspection) (id.Key, error) {
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		town, err := s.Town(ctx, tx, who, in.Unit)
		if err != nil {
			return ledger.Act{}, err
		}
		if !Inspects(who, town) {
			return ledger.Act{}, notYours()
		}
		if err := s.checkInspection(ctx, tx, &in); err != nil {
			return ledger.Act{}, err
		}
		in.ID = tx.NewKey()
		if err := tx.Insert(ctx, inspectionTable, in.ID, in.Unit, in.On, in.Undisclosed, in.Inspectors, in.Looked, tx.Today()); err != nil {
			return ledger.Act{}, err
		}
		if err := s.Burden.ByOrgan(ctx, tx, town.Organ, askInspect, in.ID, town, tx.Today()); err != nil {
			return ledger.Act{}, err
		}
		differs := 0
		for i, f := range in.Findings {
			t, _ := s.Rules.Term("inspection_found", f.Found)
			switch {
			case f.Found == foundBack:
				if err := s.creepBack(ctx, tx, f, in.On); err != nil {
					return ledger.Act{}, err
				}
			case t.Attrs["differs"] == "yes":
				if f.Deviation, err = s.raise(ctx, tx, town, in.ID, f, t); err != nil {
					return ledger.Act{}, err
				}
			}
			if t.Attrs["differs"] == "yes" {
				differs++
			}
			if err := tx.Insert(ctx, findingTable, in.ID, i+1, f.Duty, f.HandBack, f.Found, f.Note, f.Deviation); err != nil {
				return ledger.Act{}, err
			}
		}
		return ledger.Act{Action: "inspection.enter", Organ: town.OrganID(), About: "inspection/" + id.ID{City: tx.City(), Key: in.ID}.String(), Answer: in.ID,
			Params: map[string]any{"unit": in.Unit, "on": string(in.On), "undisclosed": in.Undisclosed, "findings": len(in.Findings), "differs": differs}}, nil
	})
	return rc.Answer, err
}

func (s *Service) checkInspection(ctx context.Context, tx *ledger.Tx, in *Inspection) error {
	var form typed.Form
	form.Past("on", in.On, tx.Today(), true)
	form.Line("inspectors", &in.Inspectors, true, 60)
	form.Line("looked", &in.Looked, true, 120)
	seen := map[id.Key]bool{}
	var kept []Finding
	for i, f := range in.Findings {
		field, of := "found-"+f.Duty+f.HandBack, "other"
		switch {
		case f.Duty != "":
			of = "duty"
			d, err := Get(ctx, tx, f.Duty)
			if err != nil || d.Unit != in.Unit {
				return orHidden(err)
			}
			if in.On.Valid() && (in.On < d.From || d.To != "" && in.On >= d.To) && f.Found != foundUnseen {
				form.Say(field, "inspection.not_then")
			}
		case f.HandBack != "":
			of = "handback"
			h, err := GetHandBack(ctx, tx, f.HandBack)
			if err != nil || h.Unit != in.Unit {
				return orHidden(err)
			}
			if h.Received == "" && f.Found != foundUnseen || in.On.Valid() && in.On < h.Received {
				form.Say(field, "inspection.not_then")
			}
		default:
			field = "unfiled"
		}
		if key := f.Duty + f.HandBack; key != "" && seen[key] {
			form.Say(field, "inspection.twice")
		} else {
			seen[key] = true
		}
		t, ok := s.Rules.Term("inspection_found", f.Found)
		if !ok || !names(t, "of", of) {
			form.Say(field, "choice.unknown")
		}
		form.Line("note-"+f.Duty+f.HandBack, &in.Findings[i].Note, of == "other" || f.Found == foundBack, 120)
		if f.Found != foundUnseen {
			kept = append(kept, in.Findings[i])
		}
	}
	if form.Wrong() > 0 {
		return form.Err()
	}
	in.Findings = kept
	same, err := db.Column[string](ctx, tx, `SELECT i.id FROM inspections i WHERE i.city_id = $1 AND i.unit_id = $2 AND i.on_day = $3 AND i.inspectors = $4 AND i.looked = $5`, in.Unit, in.On, in.Inspectors, in.Looked)
	if err == nil && len(same) > 0 {
		err = fault.InvalidField("on", "inspection.same")
	}
	return err
}

func orHidden(err error) error {
	if err == nil {
		return fault.Hidden()
	}
	return err
}

// creepBack moves a hand-back that was found again. One that is on its way anyhow stays there: it has not been received.
func (s *Service) creepBack(ctx context.Context, tx *ledger.Tx, f Finding, on calendar.Date) error {
	m, err := flow.Lock(ctx, tx, f.HandBack)
	if err != nil {
		return err
	}
	if m.State == Crept { // found before, and not sent yet
		return flow.Save(ctx, tx, &m)
	}
	return s.Engine.MakeAs(ctx, tx, &m, "creep", flow.Values{"on": {string(on)}, "note": {f.Note}})
}

// raise opens a deviation.
func (s *Service) raise(ctx context.Context, tx *ledger.Tx, town access.Unit, inspection id.Key, f Finding, t rulebook.Term) (id.Key, error) {
	what := f.Note
	if f.Duty != "" {
		d, err := Get(ctx, tx, f.Duty)
		if err != nil {
			return "", err
		}
		what = d.What + "（" + t.Name.Zh + "）"
	}
	m := matter(tx, KindDeviation, town, "与备案不一致（待核）："+what, true)
	if err := s.open(ctx, tx, &m); err != nil {
		return "", err
	}
	if err := s.Burden.ByRule(ctx, tx, askExplain, m.ID.Key, town.County, []access.Unit{town}, m.Due); err != nil {
		return "", err
	}
	return m.ID.Key, tx.Insert(ctx, deviationTable, m.ID.Key, town.ID.Key, inspection, f.Duty, f.Found)
}

// Deviation is what differs from what was filed.
type Deviation struct {
	Unit       id.Key
	Inspection id.Key
	Duty       id.Key
	Found      string
	Note       string
	On         calendar.Date
}

// GetDeviation reads what a deviation says. The caller has seen its matter.
func GetDeviation(ctx context.Context, r db.Reader, key id.Key) (v Deviation, err error) {
	return v, one(r.Row(ctx, `SELECT v.unit_id, v.inspection_id, v.duty_id, v.found, COALESCE(f.note, ''), i.on_day FROM deviations v JOIN inspections i ON i.city_id = v.city_id AND i.id = v.inspection_id
		LEFT JOIN inspection_findings f ON f.city_id = v.city_id AND f.inspection_id = v.inspection_id AND f.deviation_id = v.id WHERE v.city_id = $1 AND v.id = $2`, key).
		Scan(&v.Unit, &v.Inspection, &v.Duty, &v.Found, &v.Note, &v.On))
}

// mayJudge: whoever answered in the township's name does not judge the answer.
func (s *Service) mayJudge(ctx context.Context, op *flow.Op) error {
	if err := flow.OtherHands("answer")(ctx, op); err != nil {
		return err
	}
	return s.mayOrder(ctx, op)
}

// mayOrder keeps an order from being made of what is in no filing: it is filed first, from the committee's paper.
func (s *Service) mayOrder(ctx context.Context, op *flow.Op) error {
	if op.In.Str("holds") != "order" {
		return nil
	}
	v, err := GetDeviation(ctx, op, op.M.ID.Key)
	if err == nil && v.Duty == "" {
		err = fault.InvalidField("holds", "deviation.file_first")
	}
	return err
}

// judged gives what turned out to be wrong to the committee that assigned it, never to the holder.
func (s *Service) judged(ctx context.Context, op *flow.Op) error {
	op.M.Outcome = op.In.Str("holds")
	if op.M.Outcome != "order" {
		return nil
	}
	v, err := GetDeviation(ctx, op, op.M.ID.Key)
	if err != nil {
		return err
	}
	d, err := Get(ctx, op, v.Duty)
	if err != nil {
		return err
	}
	town, err := access.GetUnit(ctx, op, v.Unit)
	if err != nil {
		return err
	}
	_, err = s.order(ctx, op.Tx, town, d.AssignedBy, []id.Key{v.Duty})
	return err
}

// GetInspection reads an inspection of a township that the actor may see.
func (s *Service) GetInspection(ctx context.Context, r db.Reader, who access.Actor, key id.Key) (x Inspection, town access.Unit, err error) {
	x.ID = key
	if err = one(r.Row(ctx, `SELECT i.unit_id, i.on_day, i.undisclosed, i.inspectors, i.looked FROM inspections i WHERE i.city_id = $1 AND i.id = $2`, key).Scan(&x.Unit, &x.On, &x.Undisclosed, &x.Inspectors, &x.Looked)); err != nil {
		return x, town, err
	}
	if town, err = s.Town(ctx, r, who, x.Unit); err != nil {
		return x, town, err
	}
	x.Findings, err = db.All(ctx, r, func(rows *db.Rows) (f Finding, err error) {
		return f, rows.Scan(&f.Duty, &f.HandBack, &f.Found, &f.Note, &f.Deviation)
	}, `SELECT f.duty_id, f.handback_id, f.found, f.note, f.deviation_id FROM inspection_findings f WHERE f.city_id = $1 AND f.inspection_id = $2 ORDER BY f.n`, key)
	return x, town, err
}
