package org

import (
	"context"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/measure"
	"qianshao/internal/platform/text"
)

// Bulk writes: many rows of a roster or a register in the transaction of one act, whose entry carries their digests in
// parts. Importing a spreadsheet and setting a place up are such acts; a single appointment is not.

// NewSeat is a post to set up, with who holds it from a day on; Holder nil leaves it vacant.
type NewSeat struct {
	Unit        access.Unit
	Kind        string
	Title       string
	Established bool // counts in the establishment
	Opened      calendar.Date
	Holder      *NewPerson
	From        calendar.Date
	FullTime    bool
}

// Seated are the keys a seat came to have; Person and Holding are "" for a vacant one.
type Seated struct{ Post, Person, Holding id.Key }

// OpenSeats sets posts up and fills them.
func OpenSeats(ctx context.Context, tx *ledger.Tx, in []NewSeat) ([]Seated, error) {
	out := make([]Seated, len(in))
	var posts, people, holdings [][]any
	for i, s := range in {
		k, ok := access.KindOf(s.Kind)
		if !ok || !contains(k.At, s.Unit.Kind) {
			return nil, fault.InvalidField("kind", "post.kind")
		}
		out[i].Post = tx.NewKey()
		vacant := s.Opened
		if s.Holder != nil {
			vacant = ""
			if _, ok := cleanName(s.Holder.Name); !ok {
				return nil, fault.InvalidField("name", "name.invalid")
			}
			out[i].Person, out[i].Holding = tx.NewKey(), tx.NewKey()
			people = append(people, personRow(out[i].Person, *s.Holder, 1))
			holdings = append(holdings, []any{out[i].Holding, out[i].Post, s.Unit.ID.Key, s.Kind, out[i].Person, s.From, "", s.FullTime, false, "", "", int64(1)})
		}
		posts = append(posts, []any{out[i].Post, s.Unit.ID.Key, s.Kind, s.Title, s.Established, s.Opened, "", vacant})
	}
	for _, t := range []struct {
		table *ledger.Table
		rows  [][]any
	}{{postTable, posts}, {personTable, people}, {holdingTable, holdings}} {
		if err := tx.InsertMany(ctx, t.table, t.rows); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// NewOfficial is a person under supervision to put into the register.
type NewOfficial struct {
	Unit        access.Unit
	Name        string
	Post        string
	Rank        string
	Category    string
	PartyMember bool
	Chief       bool
	Person      id.Key // one of the system's own people
	From        calendar.Date
	OutsideNo   string
}

// AddOfficials puts people into the register and says under which keys.
func AddOfficials(ctx context.Context, tx *ledger.Tx, in []NewOfficial) ([]id.Key, error) {
	keys, rows := make([]id.Key, len(in)), make([][]any, len(in))
	for i, o := range in {
		keys[i] = tx.NewKey()
		measure.Tell(ctx, tx, measure.Portion{Name: officialsName, County: o.Unit.County, On: string(o.From), N: 1})
		rows[i] = []any{keys[i], o.Unit.ID.Key, o.Unit.County, o.Unit.Township, o.Name, text.Pinyin(o.Name), o.Post, o.Rank, o.Category, o.PartyMember, o.Chief, o.Person, o.From, "", o.OutsideNo, int64(1)}
	}
	return keys, tx.InsertMany(ctx, officialTable, rows)
}

// Base is how many people a unit had under supervision on a day in the past, and where that number is from.
type Base struct {
	Unit  id.Key
	On    calendar.Date
	N     int
	Basis string
}

// SetBases writes bases for the growth of the register.
func SetBases(ctx context.Context, tx *ledger.Tx, in []Base) error {
	rows := make([][]any, len(in))
	for i, b := range in {
		rows[i] = []any{b.Unit, b.On, b.N, b.Basis}
	}
	return tx.InsertMany(ctx, baseTable, rows)
}

// Size is an organ's authorised strength and how many work in it, on a day.
type Size struct {
	Unit               id.Key
	On                 calendar.Date
	Authorised, Actual int
}

// SetSizes writes organs' sizes.
func SetSizes(ctx context.Context, tx *ledger.Tx, in []Size) error {
	rows := make([][]any, len(in))
	for i, s := range in {
		rows[i] = []any{s.Unit, s.On, s.Authorised, s.Actual}
	}
	return tx.InsertMany(ctx, sizeTable, rows)
}

// NewDuty is something a holder does, of the list duty_kind; Hours are a week.
type NewDuty struct {
	Unit       id.Key
	Holding    id.Key
	Kind       string
	What       string
	AssignedBy string
	Paper      string
	Hours      int
	Village    id.Key
	From       calendar.Date
	To         calendar.Date // the day from which it is no more; "" while it is
}

// AddDuties writes duties.
func AddDuties(ctx context.Context, tx *ledger.Tx, in []NewDuty) error {
	rows := make([][]any, len(in))
	for i, d := range in {
		rows[i] = d.row(tx.NewKey())
	}
	return tx.InsertMany(ctx, dutyTable, rows)
}

func (d NewDuty) row(key id.Key) []any {
	return []any{key, d.Unit, d.Holding, d.Kind, d.What, d.AssignedBy, d.Paper, d.Hours, d.Village, d.From, d.To}
}

// AddDuty writes one duty and says under which key.
func AddDuty(ctx context.Context, tx *ledger.Tx, d NewDuty) (id.Key, error) {
	key := tx.NewKey()
	return key, tx.Insert(ctx, dutyTable, d.row(key)...)
}

// NewGroup is a work group of a place and who heads it; Role is the commission's part in it, of the list duty_role.
type NewGroup struct {
	Unit        id.Key
	Name        string
	SetUpBy     string
	Responsible string
	Head        id.Key
	Role        string
	From        calendar.Date
}

// AddGroups writes work groups.
func AddGroups(ctx context.Context, tx *ledger.Tx, in []NewGroup) error {
	rows := make([][]any, len(in))
	for i, g := range in {
		rows[i] = g.row(tx.NewKey())
	}
	return tx.InsertMany(ctx, groupTable, rows)
}

func (g NewGroup) row(key id.Key) []any {
	return []any{key, g.Unit, g.Name, g.SetUpBy, g.Responsible, g.Head, g.Role, g.From, ""}
}

// AddGroup writes one work group, or a task that is none, and says under which key.
func AddGroup(ctx context.Context, tx *ledger.Tx, g NewGroup) (id.Key, error) {
	key := tx.NewKey()
	return key, tx.Insert(ctx, groupTable, g.row(key)...)
}
