package ledgerhttp

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"qianshao/internal/fault"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/db"
	"qianshao/internal/web"
)

// Pages answers for the logs of one deployment.
type Pages struct {
	Ledger *ledger.Ledger
	DB     *db.DB
}

// Routes are the addresses under which logs are watched.
func (p *Pages) Routes() []web.Route {
	const log = "/portal/logs/{log}/"
	return []web.Route{
		{Method: http.MethodGet, Path: "/portal/logs", Open: true, API: true, Do: p.logs},
		{Method: http.MethodGet, Path: log + "checkpoint", Open: true, API: true, Do: p.checkpoint},
		{Method: http.MethodGet, Path: log + "consistency", Open: true, API: true, Do: p.growth},
		{Method: http.MethodPost, Path: log + "countersignature", Open: true, API: true, Do: p.countersign},
	}
}

// Listing is which logs there are, and with what their checkpoints are signed.
type Listing struct {
	Deployment string   `json:"deployment"`
	Publics    []string `json:"publics"`
	Logs       []string `json:"logs"`
}

func (p *Pages) logs(c *web.Ctx) error {
	n, err := ledger.LoadNotary(c.Context(), p.DB)
	if err != nil {
		return err
	}
	out := Listing{Deployment: n.Name, Publics: n.Publics, Logs: []string{}}
	ids, err := ledger.All(c.Context(), p.DB)
	for _, x := range ids {
		out.Logs = append(out.Logs, x.String())
	}
	if err != nil {
		return err
	}
	c.W.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(c.W).Encode(out)
}

func (p *Pages) checkpoint(c *web.Ctx) error {
	log, err := c.ID("log")
	if err != nil {
		return err
	}
	text, err := ledger.Checkpointed(c.Context(), p.DB.In(log.City), log.Key)
	return plain(c, text, err)
}

func (p *Pages) growth(c *web.Ctx) error {
	log, err := c.ID("log")
	if err != nil {
		return err
	}
	q := c.R.URL.Query()
	from, err1 := strconv.ParseInt(q.Get("from"), 10, 64)
	to, err2 := strconv.ParseInt(q.Get("to"), 10, 64)
	if err1 != nil || err2 != nil {
		return fault.New(fault.Invalid, "growth.range")
	}
	text, err := ledger.Growth(c.Context(), p.DB.In(log.City), log, from, to)
	return plain(c, text, err)
}

// countersign takes "SIZE\n" and the lines that a witness signed.
func (p *Pages) countersign(c *web.Ctx) error {
	log, err := c.ID("log")
	if err != nil {
		return err
	}
	const most = 4 << 10
	b, err := io.ReadAll(io.LimitReader(c.R.Body, most))
	if err != nil {
		return fault.New(fault.BadRequest, "witness.checkpoint").Because(err)
	}
	first, lines, _ := strings.Cut(string(b), "\n")
	size, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return fault.New(fault.BadRequest, "witness.checkpoint")
	}
	n, err := ledger.LoadNotary(c.Context(), p.DB)
	if err != nil {
		return err
	}
	if err := p.Ledger.Countersigned(c.Context(), n, log, size, lines); err != nil {
		return err
	}
	c.W.WriteHeader(http.StatusNoContent)
	return nil
}

func plain(c *web.Ctx, text string, err error) error {
	if err != nil {
		return err
	}
	c.W.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = io.WriteString(c.W, text)
	return err
}
