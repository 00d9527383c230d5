package app

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"qianshao/internal/id"
	"qianshao/internal/visit"
	"qianshao/internal/web"
)

// forgetVisits removes what the access log of a tenant need not hold any longer; without a rule it holds everything.
func (a *App) forgetVisits(ctx context.Context, c id.City) error {
	days := a.Rules.Limit("access_log.keep", a.DB.Today())
	if days == 0 {
		return nil
	}
	return visit.Forget(ctx, a.DB, c, time.Duration(days)*24*time.Hour)
}

// opened puts down that somebody opened a page.
func (a *App) opened(c *web.Ctx) {
	a.Visits.Add(visit.Visit{At: a.DB.Now(), Person: c.Who.PersonID(), Route: c.Route.Path, Thing: thing(c)})
}

// thing is what a page is about: the first id in its address. What else stands there is a name of ours.
func thing(c *web.Ctx) id.ID {
	for _, part := range strings.Split(c.Route.Path, "/") {
		name, is := strings.CutPrefix(part, "{")
		if name = strings.TrimSuffix(name, "}"); !is || name == "$" {
			continue
		}
		v := c.R.PathValue(name)
		if x, err := id.Parse(v); err == nil {
			return x
		}
		if id.ValidKey(v) {
			return id.ID{City: c.Who.City, Key: v}
		}
	}
	return id.ID{}
}

// lastVisits writes what waits once no request is under way any more.
func (a *App) lastVisits(ctx context.Context, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if err := a.Visits.Flush(ctx); err != nil {
		log.LogAttrs(ctx, slog.LevelError, "writing the access log", slog.String("error", err.Error()))
	}
}
