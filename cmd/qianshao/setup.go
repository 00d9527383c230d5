package main

import (
	"os"
	"strconv"

	"qianshao/internal/access"
	"qianshao/internal/account"
	"qianshao/internal/app"
	"qianshao/internal/exchange"
	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/locale"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
)

type setupCmd struct {
	database
	Province     string `help:"${help_province}"`
	ProvinceCode string `placeholder:"CODE" help:"${help_province_code}"`
	City         string `help:"${help_city}"`
	CityCode     string `placeholder:"CODE" help:"${help_city_code}"`
	Divisions    string `placeholder:"FILE" help:"${help_setup_divisions}"`
}

// Run makes the two organs that everything else hangs from, in a database that has none, or with an official list all the
// provinces and cities in it with all that lies in them; people are imported after it.
func (c *setupCmd) Run(e *env) error {
	if (c.Divisions == "") == (c.Province == "" || c.ProvinceCode == "" || c.City == "" || c.CityCode == "") {
		return usage("setup.which")
	}
	d, err := db.Open(e.ctx, c.DB, db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	if err := ready(e, d); err != nil {
		return err
	}
	if c.Divisions != "" {
		return c.list(e, d)
	}
	have, err := app.Tenants(e.ctx, d)
	if err != nil {
		return err
	}
	if len(have) > 0 {
		return fault.New(fault.Conflict, "setup.done")
	}
	const province, city = id.City(1), id.City(2)
	for _, t := range []app.Tenant{{City: province, Kind: "province", Name: c.Province, Code: c.ProvinceCode}, {City: city, Kind: "city", Name: c.City, Code: c.CityCode, Above: province}} {
		if err := app.AddTenant(e.ctx, d, t); err != nil {
			return err
		}
		l := &ledger.Ledger{DB: d}
		_, err := l.Write(e.ctx, access.ByOperator(t.City), t.City, func(tx *ledger.Tx) (ledger.Act, error) {
			u := org.NewUnit{Kind: t.Kind, Code: t.Code, Name: t.Name, Opened: tx.Today()}
			us, err := org.OpenUnits(e.ctx, tx, []org.NewUnit{u})
			if err != nil {
				return ledger.Act{}, err
			}
			return ledger.Act{Action: "unit.open", Organ: us[0].ID, About: "unit/" + us[0].ID.String()}, nil
		})
		if err != nil {
			return err
		}
	}
	e.say("setup.done", c.Province, c.City)
	return nil
}

// list sets up from an official list of divisions.
func (c *setupCmd) list(e *env, d *db.DB) error {
	f, err := os.Open(c.Divisions)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	p := e.progress()
	defer p.end()
	list, err := exchange.Divisions(f, st.Size(), func(stage string, rows int) { p.at("sheet."+stage, int64(rows), 0) })
	if err != nil {
		return err
	}
	n, err := app.Found(e.ctx, d, list, func(done int) { p.at("sheet.write", int64(done), int64(len(list))) })
	p.end()
	if err != nil {
		return err
	}
	e.say("setup.listed", strconv.Itoa(n), strconv.Itoa(len(list)))
	return nil
}

type accountCmd struct {
	database
	Unit  string `required:"" help:"${help_unit}"`
	Post  string `required:"" enum:"sysadmin,secadmin,auditor" help:"${help_post}"`
	Name  string `required:"" help:"${help_person}"`
	Login string `required:"" help:"${help_login}"`
}

// Run puts somebody into one of the three administrators' posts of an organ, if they are not in it, and gives them an
// account. Everybody else is appointed, and given an account, by those three.
func (c *accountCmd) Run(e *env) error {
	a, err := c.rooms(e, app.Options{})
	if err != nil {
		return err
	}
	defer a.DB.Close()
	u, err := unit(e, a, c.Unit)
	if err != nil {
		return err
	}
	if !u.IsOrgan() {
		return fault.New(fault.Invalid, "account.no_organ", u.Name)
	}
	person, err := c.holder(e, a, u)
	if err != nil {
		return err
	}
	password := account.OneTime()
	if _, err := a.Accounts.Create(e.ctx, access.ByOperator(u.ID.City), account.NewAccount{Person: person, Login: c.Login, Password: password}); err != nil {
		return err
	}
	e.say("account.made", c.Name, c.Login, password)
	return nil
}

// holder finds the person in the post by name, or appoints them.
func (c *accountCmd) holder(e *env, a *app.App, u access.Unit) (id.Key, error) {
	kind, _ := access.KindOf(c.Post)
	ro, err := access.LoadRoster(e.ctx, a.DB.In(u.ID.City), u.ID, u.ID, "", a.DB.Today())
	if err != nil {
		return "", err
	}
	for _, h := range ro.Hands(kind.Roles[0], u.ID.Key) {
		if h.Name == c.Name && h.For == "" {
			return h.Person, nil
		}
	}
	var person id.Key
	_, err = a.Ledger.Write(e.ctx, access.ByOperator(u.ID.City), u.ID.City, func(tx *ledger.Tx) (ledger.Act, error) {
		if person, err = org.AddPerson(e.ctx, tx, org.NewPerson{Name: c.Name}); err != nil {
			return ledger.Act{}, err
		}
		post, err := org.OpenPost(e.ctx, tx, u, c.Post, locale.T(locale.Zh, "post."+c.Post), false, tx.Today())
		if err != nil {
			return ledger.Act{}, err
		}
		holding, err := org.Appoint(e.ctx, tx, org.Appointment{Post: post, Person: person, From: tx.Today(), FullTime: true})
		return ledger.Act{Action: "holding.begin", Organ: u.ID, About: "holding/" + holding, Params: map[string]any{"post": c.Post}}, err
	})
	return person, err
}
