package bench

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"qianshao/internal/access"
	"qianshao/internal/app"
	"qianshao/internal/calendar"
)

const (
	askedUnit  = 20
	askedForce = 50
)

// orgReaders are whom the tree and the force are measured for.
var orgReaders = []string{"township", "cityorg", "province"}

// dated are the pages of a unit that are measured now and as of a year ago.
var dated = []struct{ what, path string }{{"page", "/units/%s"}, {"register", "/units/%s/officials"}, {"checks", "/checks/%s"}}

// units measures the tree, the units from the top of a city to one of its villages, each now and as of a year ago, the box that
// finds units, the force, and the boards.
func (r *runner) units() error {
	for _, login := range orgReaders {
		s, err := r.signIn(login)
		if err != nil {
			return err
		}
		way, err := r.descent(s)
		if err != nil {
			return err
		}
		ago := r.app.DB.Today().AddDays(-365)
		for _, u := range way {
			if code, _, err := r.first(s, "/units/"+u.ID.String()); err != nil || code == http.StatusNotFound {
				if err != nil {
					return err
				}
				continue // not the reader's to see
			}
			for _, x := range dated {
				if err := r.then(s, login, u.Kind+"'s "+x.what, fmt.Sprintf(x.path, u.ID), ago, ago >= u.Opened); err != nil {
					return err
				}
			}
			if ago < u.Opened {
				continue
			}
			open, err := r.line("Units", "tree opened at a "+u.Kind, login, s, "/units?open="+u.ID.String(), askedUnit)
			if err != nil {
				return err
			}
			r.add(open)
		}
		for _, what := range []string{"石桥", "sq", way[len(way)-1].Code[:9]} {
			f, err := r.line("Units", "found by "+what, login, s, "/units?q="+url.QueryEscape(what), askedUnit)
			if err != nil {
				return err
			}
			r.add(f)
		}
		for _, path := range []string{"/handbacks/board", "/haves", "/duties"} {
			if err := r.then(s, login, path, path, ago, true); err != nil {
				return err
			}
		}
		for _, path := range []string{"/force", "/force?to=" + string(ago)} {
			f, err := r.line("Units", path, login, s, path, askedForce)
			if err != nil {
				return err
			}
			r.add(f)
		}
	}
	return nil
}

// then measures a page now and, where it was there, as of an earlier day, which may take twice as long. What is not the reader's to see
// is left out.
func (r *runner) then(s *session, login, what, path string, ago calendar.Date, was bool) error {
	if code, _, err := r.first(s, path); err != nil || code == http.StatusNotFound || code == http.StatusForbidden || code == http.StatusSeeOther {
		return err
	}
	now, err := r.line("Units", what, login, s, path, askedUnit)
	if err != nil {
		return err
	}
	r.add(now)
	if !was {
		return nil
	}
	then, err := r.line("Units", what+" as of "+string(ago), login, s, path+"?on="+string(ago), 2*now.P95)
	if err == nil {
		r.add(then)
	}
	return err
}

// descent is a city and the way from it down to a village: by the reader's own county and township where there are any, else
// by the last ones; of the last city for a province.
func (r *runner) descent(s *session) ([]access.Unit, error) {
	own := s.actor.Unit()
	city := own.ID.City
	if own.Kind == "province" {
		all, err := app.Tenants(r.ctx, r.app.DB)
		if err != nil {
			return nil, err
		}
		city = all[len(all)-1]
	}
	in := r.app.DB.In(city)
	u, err := access.Top(r.ctx, in)
	var out []access.Unit
	for err == nil {
		out = append(out, u)
		var below []access.Unit
		if _, _, below, err = access.Kin(r.ctx, in, u.ID.Key); err != nil {
			break
		}
		below = slices.DeleteFunc(below, func(x access.Unit) bool { return !slices.Contains([]string{"county", "township", "village"}, x.Kind) })
		if len(below) == 0 {
			break
		}
		u = below[len(below)-1]
		if i := slices.IndexFunc(below, func(x access.Unit) bool { return x.ID.Key == own.County || x.ID.Key == own.Township }); i >= 0 {
			u = below[i]
		}
	}
	return out, err
}
