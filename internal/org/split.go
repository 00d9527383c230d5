package org

import (
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/typed"
)

// Parts lists the villages of which some may come under a new township that is split off; a village has none.
func Parts(ctx context.Context, r db.Reader, u access.Unit) ([]access.Unit, error) {
	if u.Kind != "township" {
		return nil, nil
	}
	return access.Below(ctx, r, u.ID.Key, "village")
}

// checkSplit says what is wrong with a unit that shall be split off from u; dated says that the day is one.
func checkSplit(ctx context.Context, r db.Reader, u access.Unit, in Reorganisation, dated bool) error {
	var form typed.Form
	switch name, ok := cleanName(in.Name); {
	case !ok:
		form.Say("name", "name.invalid")
	case name == u.Name:
		form.Say("name", "reorganise.same_name")
	}
	if !codeUnder(in.Code, u) {
		form.Say("code", "reorganise.code", codeBefore(u))
	} else {
		have, err := db.Column[string](ctx, r, `SELECT u.name FROM units u WHERE u.city_id = $1 AND u.code = $2 LIMIT 1`, in.Code)
		if err != nil {
			return err
		}
		if len(have) > 0 {
			form.Say("code", "reorganise.code_taken", have...)
		}
	}
	villages, err := Parts(ctx, r, u)
	if err != nil {
		return err
	}
	stay, unknown := map[id.Key]bool{}, false
	for _, v := range villages {
		stay[v.ID.Key] = true
	}
	for _, k := range in.Parts {
		unknown = unknown || !stay[k] // or named twice
		delete(stay, k)
	}
	switch {
	case unknown:
		form.Say("parts", "choice.unknown")
	case u.Kind == "township" && len(in.Parts) == 0:
		form.Say("parts", "required")
	case u.Kind == "township" && len(stay) == 0:
		form.Say("parts", "reorganise.all_parts")
	case len(in.Parts) > 0 && dated:
		late, err := laterThan(ctx, r, in.Parts, in.On)
		if err != nil {
			return err
		}
		if late != "" {
			form.Say("on", "day.after", string(late))
		}
	}
	return form.Err()
}

// laterThan is the day of a unit's last change where that is not before on, "" where all are: what was before is history.
func laterThan(ctx context.Context, r db.Reader, units []id.Key, on calendar.Date) (calendar.Date, error) {
	text, args := db.Build(`SELECT a.from_on FROM unit_attrs a WHERE a.city_id = $1 AND a.from_on >= ?`, on).In(` AND `, "a.unit_id", units).Add(` ORDER BY a.from_on DESC LIMIT 1`).SQL()
	days, err := db.Column[string](ctx, r, text, args...)
	if err != nil || len(days) == 0 {
		return "", err
	}
	return calendar.Date(days[0]), nil
}

// codeBefore is what a division code beside u's begins with: its county's six digits, or its township's nine.
func codeBefore(u access.Unit) string {
	n := 6
	if u.Kind == "village" {
		n = 9
	}
	return u.Code[:min(n, len(u.Code))]
}

// codeUnder says whether a division code is one of a unit beside u: twelve digits, three of them its own, and after a township's
// only zeros.
func codeUnder(code string, u access.Unit) bool {
	before := codeBefore(u)
	if len(code) != 12 || strings.Trim(code, "0123456789") != "" || !strings.HasPrefix(code, before) {
		return false
	}
	own, after := code[len(code)-3:], ""
	if u.Kind != "village" {
		own, after = code[6:9], code[9:]
	}
	return own != "000" && strings.Trim(after, "0") == ""
}

// splitUnit opens a unit beside another, of its kind and with vacant posts like its own, and brings villages under it. What the
// other works on stays there: it is handed over where that is wanted. It returns the new unit's key.
func splitUnit(ctx context.Context, tx *ledger.Tx, u access.Unit, x Reorganisation) (id.Key, error) {
	up, err := access.GetUnit(ctx, tx, u.Superior)
	if err != nil {
		return "", err
	}
	name, _ := cleanName(x.Name)
	us, err := OpenUnits(ctx, tx, []NewUnit{{Kind: u.Kind, Code: x.Code, Name: name, Superior: up, Office: u.Office, Opened: x.On}})
	if err != nil {
		return "", err
	}
	type post struct {
		kind, title string
		established bool
	}
	posts, err := db.All(ctx, tx, func(rows *db.Rows) (p post, err error) { return p, rows.Scan(&p.kind, &p.title, &p.established) },
		`SELECT p.kind, p.title, p.established FROM posts p WHERE p.city_id = $1 AND p.unit_id = $2 AND p.closed_on = '' ORDER BY p.id`, u.ID.Key)
	if err != nil {
		return "", err
	}
	for _, p := range posts {
		if _, err := OpenPost(ctx, tx, us[0], p.kind, p.title, p.established, x.On); err != nil {
			return "", err
		}
	}
	villages, err := Parts(ctx, tx, u)
	if err != nil {
		return "", err
	}
	for _, v := range villages {
		if slices.Contains(x.Parts, v.ID.Key) {
			if err := moveUnit(ctx, tx, v, us[0], x.On); err != nil {
				return "", err
			}
		}
	}
	return us[0].ID.Key, nil
}
