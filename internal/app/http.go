package app

import (
	"log/slog"
	"net/http"

	"qianshao/internal/access"
	"qianshao/internal/account/accounthttp"
	"qianshao/internal/api"
	"qianshao/internal/burden/burdenhttp"
	"qianshao/internal/casework/casehttp"
	"qianshao/internal/clue/cluehttp"
	"qianshao/internal/duty/dutyhttp"
	"qianshao/internal/exchange/exchangehttp"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/haves/haveshttp"
	"qianshao/internal/id"
	"qianshao/internal/insight/insighthttp"
	"qianshao/internal/intake/intakehttp"
	"qianshao/internal/ledger/ledgerhttp"
	"qianshao/internal/measure/measurehttp"
	"qianshao/internal/org/area/areahttp"
	"qianshao/internal/org/orghttp"
	"qianshao/internal/reprisal/reprisalhttp"
	"qianshao/internal/supervise/supervisehttp"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// Mux mounts every page of the work application.
func (a *App) Mux(sessions web.Sessions, log *slog.Logger, demo bool) *web.Mux {
	m := web.NewMux()
	m.DB, m.Sessions, m.Log, m.Demo = a.DB, sessions, log, demo
	m.Errors, m.Nav, m.Opened, m.Foot = errorPage, nav, a.opened, (&witnessed{cities: map[id.City]countersigned{}}).foot
	fp := &flowhttp.Pages{Engine: a.Engine, Namesakes: a.Namesakes, Rules: a.Rules, DB: a.DB, Custody: a.Custody}
	al := &reprisalhttp.Pages{Reprisal: a.Reprisal, Rules: a.Rules}
	du := &dutyhttp.Pages{Duties: a.Duties, Rules: a.Rules}
	in := &intakehttp.Pages{Intake: a.Intake, Rules: a.Rules, Flow: fp, Likes: a.Likeness}
	ac := &accounthttp.Pages{Accounts: a.Accounts, Backups: a.backups}
	cl := &cluehttp.Pages{Clues: a.Clues, Rules: a.Rules}
	ca := &casehttp.Pages{Rules: a.Rules}
	og := &orghttp.Pages{Org: a.Org, Rules: a.Rules, Measures: a.Measures, Staffing: a.Staffing, Roll: a.Roll}
	ar := &areahttp.Pages{Areas: a.Areas, Formula: a.Formula, Callups: a.Callups, Rules: a.Rules}
	ex := &exchangehttp.Pages{Exchange: a.Exchange}
	me := &measurehttp.Pages{Measures: a.Measures, Rules: a.Rules, DB: a.DB}
	bu := &burdenhttp.Pages{Burden: a.Burden, Rules: a.Rules, DB: a.DB}
	ha := &haveshttp.Pages{Haves: a.Haves, Rules: a.Rules, DB: a.DB}
	su := &supervisehttp.Pages{Supervise: a.Supervise, Rules: a.Rules}
	fp.Notes = append(fp.Notes, bu.Note)
	og.OfTown = append(og.OfTown, ha.OfUnit, bu.OfUnit)
	lg := &ledgerhttp.Pages{Ledger: a.Ledger, DB: a.DB}
	rp := &insighthttp.Pages{Insight: a.Insight}
	for _, ks := range [][]flowhttp.Kind{in.Kinds(), al.Kinds(), cl.Kinds(), ca.Kinds(), bu.Kinds(), ha.Kinds(), ar.Kinds(), og.Kinds(), du.Kinds()} {
		for _, k := range ks {
			fp.Add(k)
		}
	}
	programs := &api.API{DB: a.DB, Engine: a.Engine, Rules: a.Rules, Org: a.Org, Intake: a.Intake, Clues: a.Clues, Pages: fp}
	for _, rs := range [][]web.Route{fp.Routes(), in.Routes(), al.Routes(), cl.Routes(), du.Routes(), og.Routes(), og.GrantRoutes(), og.PeopleRoutes(), og.StaffRoutes(), og.RegisterRoutes(), og.StrengthRoutes(), ar.Routes(), a.officeRoutes(og, fp), me.Routes(), ex.Routes(), rp.Routes(), bu.Routes(), ha.Routes(), su.Routes(), ac.Routes(), lg.Routes(), programs.Routes(), prefRoutes()} {
		m.Add(rs...)
	}
	m.Mount("GET /assets/", ui.Assets())
	m.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { m.NotFound(w, r) }))
	return m
}

// nav is the main navigation of whoever is signed in: only what they may open.
func nav(c *web.Ctx) []web.NavItem {
	if !c.SignedIn() {
		return nil
	}
	var out []web.NavItem
	group := ""
	add := func(p access.Perm, href, key string) {
		if c.Who.Can(p) {
			out, group = append(out, web.NavItem{Href: href, Key: key, Group: group}), ""
		}
	}
	add(access.Signed, "/", "nav.desk")
	add(access.Approve, "/approvals", "nav.approvals")
	group = "nav.group.matters"
	add(access.TipoffRead, "/tipoffs", "nav.tipoffs")
	add(access.LetterRead, "/letters", "nav.letters")
	add(access.TipoffEnter, "/slips", "nav.slips")
	if c.Who.Unit().Level <= access.City { // a county has no organ below it
		add(access.AlertRead, "/alerts", "nav.alerts")
	}
	clues := "nav.clues"
	if !c.Who.Can(access.ClueAssign) && !c.Who.Can(access.SuperiorRead) {
		clues = "list.clue.own" // a township or an office sees its own; the pool is the organ's
	}
	add(access.ClueRead, "/clues", clues)
	add(access.CaseRead, "/cases", "nav.cases")
	group = "nav.group.watch"
	add(access.CheckRead, "/checks", "nav.checks")
	add(access.SuperiorRead, "/watch", "nav.watch")
	if c.Who.Unit().Level <= access.City || c.Who.Can(access.Approve) || c.Who.Can(access.ClueAssign) { // a county's intake office has no register below it
		add(access.SuperiorRead, "/superior", "nav.superior")
	}
	add(access.ReportRead, "/report", "nav.report")
	group = "nav.group.force"
	add(access.MeasureRead, "/force", "nav.force")
	add(access.OrgRead, "/units", "nav.units")
	add(access.PostRead, "/vacancies", "list.vacancy")
	add(access.MeasureRead, "/areas", "nav.areas")
	add(access.MeasureRead, "/formula", "nav.formula")
	add(access.CallupRead, "/callups", "nav.callups")
	if c.Who.Unit().Kind != "office" { // an office looks after no township's filings, and asks in its organ's name
		group = "nav.group.towns"
		add(access.DutyRead, "/duties", "nav.duties")
		add(access.DutyRead, "/handbacks/board", "nav.handbacks")
		add(access.HaveRead, "/haves", "nav.haves")
		add(access.BurdenRead, "/burden", "nav.burden")
	}
	group = "nav.group.office"
	add(access.Delegate, "/delegations", "nav.delegations")
	add(access.KeyHold, "/keys", "nav.keys")
	add(access.ImportRows, "/import", "nav.import")
	add(access.AccountAdmin, "/admin/accounts", "nav.accounts")
	add(access.Appoint, "/admin/posts", "nav.posts")
	add(access.AuditRead, "/admin/audit", "nav.audit")
	return out
}
