package org

import (
	"context"
	"errors"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
)

// Opening is a post to be set up at an organ, or at one of its offices.
type Opening struct {
	Organ  id.Key
	Office string // the office by its name, which is set up with the post where there is none; "" for the organ itself
	Kind   string
	On     calendar.Date
}

// OpenKinds are the kinds of post that an organ and its offices have, in the order people expect them. The townships' own
// come with the roster.
func OpenKinds() []access.PostKind {
	return slices.DeleteFunc(slices.Clone(access.PostKinds), func(k access.PostKind) bool {
		return slices.Contains(k.At, "township") || slices.Contains(k.At, "village")
	})
}

// Organs lists the organs whose appointments the actor sees to, from the top of the tree down.
func (s *Service) Organs(ctx context.Context, who access.Actor) ([]access.Unit, error) {
	r := s.Ledger.DB.In(who.City)
	b := db.Build(`SELECT u.id FROM units u WHERE u.city_id = $1 AND u.organ_id = u.id AND u.level <= ? AND u.closed_on = ''`, access.County)
	if err := withinStaff(b, who); err != nil {
		return nil, err
	}
	text, args := b.Add(` ORDER BY u.level, u.code, u.id`).SQL()
	keys, err := db.Column[string](ctx, r, text, args...)
	if err != nil {
		return nil, err
	}
	by, err := access.Units(ctx, r, keys)
	out := make([]access.Unit, 0, len(keys))
	for _, k := range keys {
		out = append(out, by[k])
	}
	return out, err
}

// Open sets up a post, and its office where that is new. It gives nobody anything: who fills it takes two people.
func (s *Service) Open(ctx context.Context, who access.Actor, in Opening) (id.Key, error) {
	rc, err := s.Ledger.Write(ctx, who, who.City, func(tx *ledger.Tx) (ledger.Act, error) {
		in := in
		organ, err := s.checkOpening(ctx, tx, who, &in)
		if err != nil {
			return ledger.Act{}, err
		}
		if tx.Engine() == db.Postgres { // an organ's openings one after the other; SQLite has one writer
			if err := tx.Row(ctx, `/*engine*/ SELECT u.id FROM units u WHERE u.city_id = $1 AND u.id = $2 FOR UPDATE`, organ.ID.Key).Scan(&in.Organ); err != nil {
				return ledger.Act{}, err
			}
		}
		at := organ
		if in.Office != "" {
			if at, err = officeOf(ctx, tx, organ, in.Office, in.On); err != nil {
				return ledger.Act{}, err
			}
		}
		if in.Kind == "principal" {
			there, err := db.Column[string](ctx, tx, `SELECT o.id FROM posts o WHERE o.city_id = $1 AND o.unit_id = $2 AND o.kind = $3 AND o.closed_on = '' LIMIT 1`, at.ID.Key, in.Kind)
			if err != nil {
				return ledger.Act{}, err
			}
			if len(there) > 0 {
				return ledger.Act{}, fault.InvalidField("kind", "post.one")
			}
		}
		post, err := OpenPost(ctx, tx, at, in.Kind, "", true, in.On)
		return ledger.Act{Action: "post.open", Organ: organ.ID, About: "post/" + id.ID{City: tx.City(), Key: post}.String(), Answer: post,
			Params: map[string]any{"unit": at.ID.Key, "kind": in.Kind, "on": string(in.On)}}, err
	})
	return rc.Answer, err
}

// checkOpening says beside each field what is wrong with it.
func (s *Service) checkOpening(ctx context.Context, tx *ledger.Tx, who access.Actor, in *Opening) (access.Unit, error) {
	var bad []fault.Field
	organ, err := access.GetUnit(ctx, tx, in.Organ)
	switch {
	case fault.KindOf(err) == fault.NotFound, err == nil && (!organ.IsOrgan() || organ.Closed != "" || overStaff(who, organ) == ""):
		bad = append(bad, fault.Field{Name: "organ", Code: "choice.unknown"})
	case err != nil:
		return organ, err
	}
	if err := cleanLine("office", &in.Office); err != nil {
		bad = append(bad, fault.Fields(err)...)
	}
	kinds := OpenKinds()
	n := slices.IndexFunc(kinds, func(k access.PostKind) bool { return k.Kind == in.Kind })
	k := kinds[max(n, 0)]
	switch {
	case n < 0:
		bad = append(bad, fault.Field{Name: "kind", Code: "choice.unknown"})
	case in.Office == "" && slices.Contains(k.At, "office"):
		bad = append(bad, fault.Field{Name: "office", Code: "post.needs_office"})
	case in.Office != "" && !slices.Contains(k.At, "office"):
		bad = append(bad, fault.Field{Name: "office", Code: "post.no_office"})
	case in.Office == "" && organ.Kind != "" && !slices.Contains(k.At, organ.Kind):
		bad = append(bad, fault.Field{Name: "kind", Code: "post.kind"})
	}
	switch {
	case !in.On.Valid():
		bad = append(bad, fault.Field{Name: "on", Code: "day.invalid"})
	case in.On > tx.Today():
		bad = append(bad, fault.Field{Name: "on", Code: "day.future"})
	case organ.Opened.Valid() && in.On < organ.Opened:
		bad = append(bad, fault.Field{Name: "on", Code: "day.before", Args: []string{string(organ.Opened)}})
	}
	return organ, fault.InvalidFields(bad)
}

// officeOf is an organ's office by its name, set up when there is none.
func officeOf(ctx context.Context, tx *ledger.Tx, organ access.Unit, name string, on calendar.Date) (access.Unit, error) {
	var key id.Key
	err := tx.Row(ctx, `SELECT u.id FROM units u WHERE u.city_id = $1 AND u.organ_id = $2 AND u.kind = 'office' AND u.name = $3 AND u.closed_on = '' ORDER BY u.id LIMIT 1`, organ.ID.Key, name).Scan(&key)
	switch {
	case err == nil:
		return access.GetUnit(ctx, tx, key)
	case !errors.Is(err, db.ErrNoRows):
		return access.Unit{}, err
	}
	us, err := OpenUnits(ctx, tx, []NewUnit{{Kind: "office", Name: name, Superior: organ, Opened: on}})
	if err != nil {
		return access.Unit{}, err
	}
	return us[0], nil
}
