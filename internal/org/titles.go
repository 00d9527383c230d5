package org

import (
	"context"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/calendar"
	"qianshao/internal/commission"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/text"
)

// leading are the kinds of post of a commission's chief and deputies, by the kind of unit.
var leading = map[string]map[commission.Leader]string{"province": {commission.Chief: "principal", commission.Deputy: "vice"}, "city": {commission.Chief: "principal", commission.Deputy: "vice"},
	"county": {commission.Chief: "principal", commission.Deputy: "vice"}, "township": {commission.Chief: "secretary", commission.Deputy: "deputy"}}

// saidAt finds the leader of a unit's commission in words: the kind of post, "" for none. Here says that the words were said
// of the very unit, so that they need not name it.
func saidAt(u access.Unit, here bool, unitText, post string) string {
	kinds, ok := leading[u.Kind]
	if !ok {
		return ""
	}
	return kinds[commission.At(text.Name(u.Name), text.Name(u.Short), here).Leads(text.Name(unitText), text.Name(post))]
}

// saidPost is the leader of a commission whom a subject's words say: of the unit itself, or of one above it.
func saidPost(ctx context.Context, r db.Reader, unit access.Unit, unitText, post string) (flow.Said, error) {
	at, here := unit, true
	if unit.Kind == "office" {
		var err error
		if at, err = access.GetUnit(ctx, r, unit.Organ); err != nil {
			return flow.Said{}, err
		}
	}
	for !at.ID.Zero() {
		if kind := saidAt(at, here, unitText, post); kind != "" {
			holders, err := holdersOf(ctx, r.For(at.ID.City), at.ID.Key, kind, r.Now().Date())
			return flow.Said{Kind: kind, Unit: at, Holders: holders}, err
		}
		here = false
		if at.Superior == "" || at.Level <= access.City {
			break // nobody of another tenant is looked for
		}
		up, err := access.GetUnit(ctx, r, at.Superior)
		if err != nil {
			return flow.Said{}, err
		}
		at = up
	}
	return flow.Said{}, nil
}

// holdersOf lists who holds a kind of post at a unit, or will.
func holdersOf(ctx context.Context, r db.Reader, unit id.Key, kind string, today calendar.Date) ([]id.Key, error) {
	ps, err := db.Column[id.Key](ctx, r, `SELECT DISTINCT h.person_id FROM holdings h WHERE h.city_id = $1 AND h.unit_id = $2 AND h.kind = $3 AND (h.to_on = '' OR h.to_on > $4)`, unit, kind, today)
	slices.Sort(ps)
	return ps, err
}

// usual are titles that say no more than the kind of post does; place and level in front of them say nothing either.
var usual = map[string][]string{
	"principal":         {"纪委书记、监委主任", "纪委书记", "纪委监委主要负责人"},
	"vice":              {"纪委副书记、监委副主任", "纪委副书记", "监委副主任"},
	"intake_clerk":      {"信访室干部", "信访室经办"},
	"supervision_clerk": {"案件监督管理室干部", "案管室干部"},
	"office_head":       {"室主任", "主任"},
	"investigator":      {"纪检监察员", "承办人员"},
	"review_head":       {"案件审理室主任", "审理室主任"},
	"reviewer":          {"案件审理室干部", "审理室干部"},
	"personnel_clerk":   {"组织部干部"},
	"observer":          {"监督检查室干部", "第一监督检查室干部"},
	"secretary":         {"纪委书记", "纪工委书记"},
	"deputy":            {"纪委副书记", "纪工委副书记"},
	"officer":           {"纪检干部", "专职干事", "纪检监察干部"},
	"station_chief":     {"联络站站长", "廉情联络站站长"},
	"correspondent":     {"信息员", "廉情信息员"},
	"sysadmin":          {"系统管理员"},
	"secadmin":          {"安全管理员", "安全保密管理员"},
	"auditor":           {"审计管理员", "安全审计员"},
}

// Usual says whether a title says no more than its kind of post, so that another language may say it by the kind.
func Usual(kind, title string) bool {
	t := text.Name(title)
	for _, place := range []string{"省", "市", "县", "区", "镇", "乡", "街道"} {
		t = strings.TrimPrefix(t, place)
	}
	return t == "" || title == kind || slices.ContainsFunc(usual[kind], func(u string) bool { return t == text.Name(u) })
}
