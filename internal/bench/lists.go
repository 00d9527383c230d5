package bench

import (
	"context"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/flow"
	"qianshao/internal/platform/db"
)

const (
	askedList   = 20
	askedDesk   = 15
	askedOther  = 25
	askedSearch = 50
)

var (
	reHref   = regexp.MustCompile(`href="(/[^"]*)"`)
	reSelect = regexp.MustCompile(`(?s)<select[^>]*name="([a-z_]+)"[^>]*>(.*?)</select>`)
	reOption = regexp.MustCompile(`<option[^>]*value="([^"]+)"`)
	reInput  = regexp.MustCompile(`<input[^>]*name="(from|to)"`)
)

// kinds are the lists, by the kind of matter.
var kinds = []struct{ kind, path string }{{"tipoff", "/tipoffs"}, {"slip", "/slips"}, {"clue", "/clues"}, {"case", "/cases"}}

// lists measures every list under every filter that its page offers, for all four scopes, each beside its statement.
func (r *runner) lists() error {
	return r.eachList(func(s *session, scope, kind, path string) error {
		what, err := url.QueryUnescape(path)
		if err != nil {
			return err
		}
		f, err := r.line("Lists of 50", what, scope, s, path, askedList)
		if err != nil {
			return err
		}
		if f.Bare, err = r.bare(s, kind, path); err != nil {
			return err
		}
		f.Fits = f.Fits && f.P95 <= f.Bare+bareMargin
		r.add(f)
		return nil
	})
}

// eachList calls do for every list and filter that a person of each scope is offered.
func (r *runner) eachList(do func(s *session, scope, kind, path string) error) error {
	for _, sc := range scopes {
		s := r.who[sc.login]
		for _, k := range kinds {
			code, body, err := s.page(r.ctx, k.path)
			if err != nil {
				return err
			}
			if code != 200 {
				continue // not a list of theirs
			}
			for _, path := range filters(k.path, body) {
				if err := do(s, sc.name, k.kind, path); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// filters are the addresses that a list's page offers: its views, the next page, and of every choice the first, the middle
// and the last, with all matters shown.
func filters(path, body string) []string {
	out := []string{path}
	add := func(p string) {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	for _, m := range reHref.FindAllStringSubmatch(body, -1) {
		if p := html.UnescapeString(m[1]); strings.HasPrefix(p, path+"?") && !strings.Contains(p, "export") {
			add(p)
		}
	}
	for _, m := range reSelect.FindAllStringSubmatch(body, -1) {
		opts := reOption.FindAllStringSubmatch(m[2], -1)
		if len(opts) == 0 || m[1] == "move" || m[1] == "target" {
			continue
		}
		for _, i := range []int{0, len(opts) / 2, len(opts) - 1} {
			q := url.Values{"view": {"all"}, m[1]: {html.UnescapeString(opts[i][1])}}
			add(path + "?" + q.Encode())
		}
	}
	if reInput.MatchString(body) {
		day := calendar.InstantOf(time.Now()).Date().AddMonths(-18)
		add(path + "?view=all&from=" + string(day) + "&to=" + string(day.AddDays(30)))
	}
	return out
}

// bare is the p95 of the statements of a list alone: run as they are, rows walked through and thrown away.
func (r *runner) bare(s *session, kind, path string) (float64, error) {
	u, err := url.Parse(path)
	if err != nil {
		return 0, err
	}
	q := u.Query()
	f := flow.Filter{Kind: kind, View: q.Get("view"), Source: q.Get("source"), Township: q.Get("township"), Handler: q.Get("handler"), County: q.Get("county"), Outcome: q.Get("outcome"),
		From: calendar.Date(q.Get("from")), To: calendar.Date(q.Get("to")), Limit: 50}
	if f.View == "" {
		f.View = flow.ViewOpen
	}
	if f.After, err = flow.ParseCursor(q.Get("after")); err != nil {
		return 0, err
	}
	type statement struct {
		text string
		args []any
	}
	var all []statement
	ctx := db.WithStats(r.ctx, &db.Stats{Seen: func(text string, args []any) { all = append(all, statement{text, args}) }})
	if _, err := r.app.Engine.List(ctx, s.actor, f); err != nil {
		return 0, err
	}
	took := make([]time.Duration, r.o.Requests)
	for i := range took {
		at := time.Now()
		for _, st := range all {
			if err := drain(r.ctx, r.app.DB.Shared(), st.text, st.args); err != nil {
				return 0, err
			}
		}
		took[i] = time.Since(at)
	}
	return figure("", "", "", took).P95, nil
}

func drain(ctx context.Context, r db.Reader, text string, args []any) error {
	rows, err := r.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}
