package api

import (
	"net/http"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/account/accounthttp"
	"qianshao/internal/clue"
	"qianshao/internal/flow"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/insight"
	"qianshao/internal/intake"
	"qianshao/internal/measure/measurehttp"
	"qianshao/internal/org"
	"qianshao/internal/platform/db"
	"qianshao/internal/rulebook"
	"qianshao/internal/web"
)

// API is what programs call.
type API struct {
	DB     *db.DB
	Engine *flow.Engine
	Rules  *rulebook.Book
	Org    *org.Service
	Intake *intake.Service
	Clues  *clue.Service
	Pages  *flowhttp.Pages // says things as the pages do; every kind of matter has been added to it
}

// op is one operation: an address and method, what it takes and gives.
type op struct {
	name   string // in the document and, as api.op.<name>, in locale
	method string
	path   string
	perm   access.Perm
	open   bool
	kind   string // the kind of matter it is about
	query  []param
	in     any // an empty body of the shape it takes; nil: none
	out    any // an empty answer; nil: none
	status int // when it went well
	do     web.Handler
}

// param is a value in the address after the question mark; its words are in locale under api.param.<name>.
type param struct {
	name string
	is   schema
}

const (
	get, post = http.MethodGet, http.MethodPost
	base      = "/api/v1"
)

// pathOf is the collection of a kind of matter.
func pathOf(kind string) string {
	if stem, ok := strings.CutSuffix(kind, "y"); ok {
		return base + "/" + stem + "ies"
	}
	return base + "/" + kind + "s"
}

// ops is the table of everything under /api. What other rooms answer stands here without a handler.
func (a *API) ops() []op {
	unit, from, to := param{"unit", text()}, param{"from", dayText()}, param{"to", dayText()}
	span := []param{unit, from, to}
	out := []op{
		{name: "session_begin", method: post, path: base + "/session", open: true, in: credentials{}, out: accounthttp.Shape(), status: http.StatusOK},
		{name: "session_end", method: http.MethodDelete, path: base + "/session", open: true, status: http.StatusNoContent},
		{name: "document", method: get, path: base + "/openapi.json", perm: access.Signed, out: schema{}, status: http.StatusOK, do: a.document},
		{name: "document_unversioned", method: get, path: "/api/openapi.json", perm: access.Signed, out: schema{}, status: http.StatusOK, do: a.document},
		{name: "desk", method: get, path: base + "/desk", perm: access.Signed, query: []param{{"limit", whole(1, maxDesk)}}, out: []duty{}, status: http.StatusOK, do: a.desk},
		{name: "approvals", method: get, path: base + "/approvals", perm: access.Signed, out: approvalList{}, status: http.StatusOK, do: a.approvals},
		{name: "decide", method: post, path: base + "/approvals/{id}", perm: access.Signed, in: decisionIn{}, out: done{}, status: http.StatusOK, do: a.decide},
		{name: "delegations", method: get, path: base + "/delegations", perm: access.Delegate, query: []param{{"limit", whole(1, maxList)}}, out: delegationList{}, status: http.StatusOK, do: a.delegations},
		{name: "delegate", method: post, path: base + "/delegations", perm: access.Delegate, in: delegationIn{}, out: settled{}, status: http.StatusOK, do: a.delegate},
		{name: "delegation_end", method: post, path: base + "/delegations/{id}/end", perm: access.Delegate, in: nothingIn{}, out: settled{}, status: http.StatusOK, do: a.endDelegation},
		{name: "units", method: get, path: base + "/units", perm: access.OrgRead, query: []param{{"find", text()}, {"limit", whole(1, maxList)}}, out: unitList{}, status: http.StatusOK, do: a.units},
		{name: "measures", method: get, path: base + "/measures", perm: access.MeasureRead, query: span, out: measurehttp.Shape(), status: http.StatusOK},
		{name: "report", method: get, path: base + "/report", perm: access.ReportRead, query: span, out: insight.Shape(), status: http.StatusOK},
	}
	for _, kind := range a.Engine.Kinds() {
		read, path := access.ReadOf(kind), pathOf(kind)
		out = append(out,
			op{name: "list", kind: kind, method: get, path: path, perm: read, query: a.listParams(kind), out: matterList{}, status: http.StatusOK, do: a.list(kind)},
			op{name: "one", kind: kind, method: get, path: path + "/{id}", perm: read, query: []param{{"before", text()}}, out: matterOne{}, status: http.StatusOK, do: a.one(kind)},
			op{name: "moves", kind: kind, method: get, path: path + "/{id}/moves", perm: read, out: moveList{}, status: http.StatusOK, do: a.moves(kind)},
			op{name: "move", kind: kind, method: post, path: path + "/{id}/moves", perm: access.MatterMove, in: moveIn{}, out: done{}, status: http.StatusOK, do: a.move(kind)},
			op{name: "clocks", kind: kind, method: get, path: path + "/{id}/clocks", perm: read, out: clockList{}, status: http.StatusOK, do: a.clocks(kind)},
			op{name: "clock_moves", kind: kind, method: get, path: path + "/{id}/clocks/{clock}/moves", perm: read, out: clockMoveList{}, status: http.StatusOK, do: a.clockMoves(kind)},
			op{name: "clock_move", kind: kind, method: post, path: path + "/{id}/clocks/{clock}/moves", perm: read, in: clockMoveIn{}, out: done{}, status: http.StatusOK, do: a.clockMove(kind)})
		if t, _ := a.Engine.Table(kind); t.NoRecusal {
			continue
		}
		out = append(out,
			op{name: "recusals", kind: kind, method: get, path: path + "/{id}/recusals", perm: read, out: recusalList{}, status: http.StatusOK, do: a.recusals(kind)},
			op{name: "recuse", kind: kind, method: post, path: path + "/{id}/recusals", perm: read, in: recusalIn{}, out: settled{}, status: http.StatusOK, do: a.recuse(kind)},
			op{name: "recusal_decide", kind: kind, method: post, path: path + "/{id}/recusals/{recusal}", perm: read, in: recusalDecisionIn{}, out: settled{}, status: http.StatusOK, do: a.decideRecusal(kind)})
	}
	return append(out,
		op{name: "enter", kind: intake.Kind, method: post, path: pathOf(intake.Kind), perm: access.TipoffEnter, in: tipoffIn{}, out: entered{}, status: http.StatusCreated, do: a.enterTipoff},
		op{name: "enter", kind: clue.Kind, method: post, path: pathOf(clue.Kind), perm: access.ClueEnter, in: clueIn{}, out: entered{}, status: http.StatusCreated, do: a.enterClue})
}

// Routes are this room's addresses.
func (a *API) Routes() []web.Route {
	var out []web.Route
	for _, o := range a.ops() {
		if o.do != nil {
			out = append(out, web.Route{Method: o.method, Path: o.path, Perm: o.perm, Open: o.open, API: true, Do: o.do})
		}
	}
	return out
}
