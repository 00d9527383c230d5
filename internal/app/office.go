package app

import (
	"context"
	"slices"

	"qianshao/internal/casework"
	"qianshao/internal/clue"
	"qianshao/internal/custody/custodyhttp"
	"qianshao/internal/document"
	"qianshao/internal/document/documenthttp"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/id"
	"qianshao/internal/org/orghttp"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook/rulehttp"
	"qianshao/internal/web"
)

// officeRoutes are the pages beside the matters themselves: who stands in for whom, the organ's key, the rules, papers, stepping aside.
func (a *App) officeRoutes(og *orghttp.Pages, fp *flowhttp.Pages) []web.Route {
	keys := &custodyhttp.Pages{Custody: a.Custody, Engine: a.Engine, Alike: a.alike}
	rules := &rulehttp.Pages{Rules: a.Rules, Org: a.Org, Article: fp.Article}
	papers := &documenthttp.Pages{Papers: a.Papers(), Engine: a.Engine, Rules: a.Rules, Clock: func(c *web.Ctx, matter id.ID, clock id.Key) (*document.Clock, error) {
		u, err := fp.Urged(c, matter, clock)
		return &document.Clock{Name: u.Name, Due: u.Due, OwedBy: u.OwedBy, Reasons: u.Reasons}, err
	}}
	return slices.Concat(og.DelegationRoutes(), keys.Routes(), keys.FileRoutes(), keys.DestroyRoutes(), rules.Routes(), papers.Routes(), fp.RecusalRoutes())
}

// Papers is the room of official papers.
func (a *App) Papers() *document.Service {
	return &document.Service{Ledger: a.Ledger, Engine: a.Engine, Rules: a.Rules, Known: a.known}
}

// known asks the area of a matter what it knows beyond the matter's acts.
func (a *App) known(ctx context.Context, r db.Reader, m flow.Matter) (document.Known, error) {
	switch m.Kind {
	case clue.Kind:
		c, err := clue.Get(ctx, r, m.ID.Key)
		return document.Known{Summary: c.Summary, Discipline: c.Discipline, Close: c.CloseKind, Clear: c.ClearAnswer}, err
	case casework.Kind:
		c, err := casework.Get(ctx, r, m.ID.Key)
		return document.Known{Summary: c.Summary, Discipline: c.Discipline, Track: c.Track, Filed: c.Filed, Clear: c.ClearAnswer}, err
	}
	to, fields, err := a.Duties.Said(ctx, r, m)
	return document.Known{To: to, Fields: fields}, err
}

// alike counts the letters that are like others.
func (a *App) alike(c *web.Ctx, organ id.ID, letters []id.ID) (map[id.ID]int, error) {
	found, err := a.Likeness.Of(c.Context(), c.Who, organ, letters)
	out := map[id.ID]int{}
	for l, likes := range found {
		out[l] = len(likes)
	}
	return out, err
}
