package bench

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"time"
)

// people are who the other pages are measured for: everybody whom the demonstration offers a sign-in.
var people = []string{"station", "officer", "township", "intake", "supervision", "investigator", "reviewer", "leader", "cityoffice", "cityorg", "province", "sysadmin", "secadmin", "auditor"}

// perRoute is how many addresses of one route are measured for one person.
const perRoute = 2

const (
	// patience is how long one request may take, and pageBound how long one page is measured: what is slower is noted as
	// what it is, and the run goes on with the next.
	patience  = 10 * time.Second
	pageBound = 30 * time.Second
)

// pages measures the desk, a matter's page and every other page that links lead to from the desk, four links deep; lists
// are measured by themselves.
func (r *runner) pages() error {
	return r.walk(func(s *session, path, route string) error {
		asked := float64(askedOther)
		switch {
		case route == "/{$}" || route == "/m/{id}":
			asked = askedDesk
		case slices.ContainsFunc(kinds, func(k struct{ kind, path string }) bool { return k.path == route }):
			return nil
		}
		f, err := r.line("Pages", route, s.login, s, path, asked)
		if err != nil {
			return err
		}
		f.Fits = f.Fits && f.Queries <= mostStatements
		r.add(f)
		if r.o.Line != nil {
			r.o.Line(f, path)
		}
		return nil
	})
}

// mostStatements is how many statements a page may take.
const mostStatements = 12

// walk calls do for addresses of every route that links lead to from each person's desk, after opening them once.
func (r *runner) walk(do func(s *session, path, route string) error) error {
	for _, login := range people {
		s, err := r.signIn(login)
		if err != nil {
			return err
		}
		seen, count := map[string]bool{}, map[string]int{}
		next := []string{"/"}
		for depth := 0; depth < 4 && len(next) > 0; depth++ {
			var links []string
			for _, path := range next {
				code, body, err := r.first(s, path)
				if errors.Is(err, errSlow) { // it has no links that could be followed
					f := figure("Pages", path, s.login, nil)
					f.Fits, f.Note = false, fmt.Sprintf("no answer in %s", patience)
					r.add(f)
					if r.o.Line != nil {
						r.o.Line(f, path)
					}
					continue
				}
				if err != nil {
					return err
				}
				r.seen.Lock()
				route := r.route
				r.seen.Unlock()
				if code != 200 || count[route] >= perRoute {
					continue
				}
				count[route]++
				for _, m := range reHref.FindAllStringSubmatch(body, -1) {
					p, _, _ := strings.Cut(html.UnescapeString(m[1]), "#")
					if !seen[p] && worth(p) {
						seen[p] = true
						links = append(links, p)
					}
				}
				if err := do(s, path, route); err != nil {
					return err
				}
			}
			next = spread(links)
		}
	}
	return nil
}

// errSlow is an answer that did not come within a request's patience.
var errSlow = errors.New("bench: no answer")

// first opens a page to read it, for as long as a request may take.
func (r *runner) first(s *session, path string) (code int, body string, err error) {
	err = r.patiently(func(ctx context.Context) error {
		code, body, err = s.page(ctx, path)
		return err
	})
	return code, body, err
}

// patiently gives a request the time that one may take; errSlow if it takes longer.
func (r *runner) patiently(do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	err := do(ctx)
	if err != nil && ctx.Err() != nil && r.ctx.Err() == nil {
		return errSlow
	}
	return err
}

// visit calls do for every list under every filter of all four scopes, and for what walk finds, after opening each once.
func (r *runner) visit(do func(s *session, path, route string) error) error {
	err := r.eachList(func(s *session, scope, kind, path string) error {
		code, err := s.get(r.ctx, path)
		if err != nil || code != 200 {
			return err
		}
		return do(s, path, path)
	})
	if err != nil {
		return err
	}
	for _, sc := range scopes {
		for _, m := range marked {
			path := "/search?q=" + url.QueryEscape(m.Word)
			if _, err := r.who[sc.login].get(r.ctx, path); err != nil {
				return err
			}
			if err := do(r.who[sc.login], path, path); err != nil {
				return err
			}
		}
	}
	return r.walk(do)
}

// worth says whether an address is a page to open: nothing that ends the session, is a file, or is said twice.
func worth(p string) bool {
	for _, no := range []string{"/assets/", "/sign-out", "/export", "/api/", ".xlsx", ".docx", ".csv", "/lang"} {
		if strings.Contains(p, no) {
			return false
		}
	}
	return p != "/" && strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "//")
}

// spread keeps a few addresses of each form, so that a long list doesn't crowd the others out.
func spread(links []string) []string {
	count := map[string]int{}
	var out []string
	for _, p := range links {
		form := reKey.ReplaceAllString(p, "*")
		form, _, _ = strings.Cut(form, "?")
		if count[form]++; count[form] <= 2*perRoute {
			out = append(out, p)
		}
	}
	return out
}

// searches measures a term in a third, a hundredth and a ten-thousandth of the texts, for all four scopes.
func (r *runner) searches() error {
	for _, sc := range scopes {
		for _, m := range marked {
			f, err := r.line("Search", fmt.Sprintf("%s, in 1 of %d texts", m.Word, m.One), sc.name, r.who[sc.login], "/search?q="+url.QueryEscape(m.Word), askedSearch)
			if err != nil {
				return err
			}
			r.add(f)
		}
	}
	return nil
}
