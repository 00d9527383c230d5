package portal

import (
	"context"
	"net/http"

	"qianshao/internal/fault"
	"qianshao/internal/id"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/proof"
)

// held is what the holder of a receipt is told.
type held struct {
	Receipt envelope.Receipt
	Secrets envelope.Secrets
	envelope.Status
}

// told opens what the holder of a receipt is told. What is no receipt, and one that is of no report, are one fault, and
// cost the same.
func (s *server) told(ctx context.Context, typed string) (held, error) {
	unknown := fault.InvalidField("receipt", "portal.receipt")
	receipt, bad := envelope.ParseReceipt(typed)
	if bad != nil {
		receipt = "0000000000000000"
	}
	secrets, err := s.secrets(ctx, receipt)
	if err != nil {
		return held{}, err
	}
	p, ok, err := s.Spool.Status(secrets.Name)
	if ok && bad == nil {
		st, err := p.Open(secrets)
		return held{receipt, secrets, st}, err
	}
	if e, in, _ := s.Spool.Envelope(secrets.Name); in && bad == nil { // what was told first was lost with the power
		_, st := s.first(receipt, e)
		if p, err = e.SealStatus(st, 1); err == nil {
			err = s.Spool.PutStatus(p)
		}
		return held{receipt, secrets, st}, err
	}
	if err == nil {
		err = unknown
	}
	return held{}, err
}

// look shows the holder of a receipt what became of the report.
func (s *server) look(c *call) error {
	get, err := c.values(maxSmall)
	if err != nil {
		return err
	}
	h, err := s.told(c.r.Context(), get("receipt"))
	if fields := fault.Fields(err); len(fields) > 0 {
		return c.page(status(err), lookPage(c.view, c.T("fault."+fields[0].Code)))
	}
	if err != nil {
		return err
	}
	b, err := s.box(h)
	if err != nil {
		return err
	}
	return c.page(http.StatusOK, statusPage(c.view, h, b))
}

// proof gives the holder of a receipt the proof that the report is in the organ's log: a file of a name that says nothing.
func (s *server) proof(c *call) error {
	get, err := c.values(maxSmall)
	if err != nil {
		return err
	}
	h, err := s.told(c.r.Context(), get("receipt"))
	if fields := fault.Fields(err); len(fields) > 0 {
		return c.page(status(err), lookPage(c.view, c.T("fault."+fields[0].Code)))
	}
	if err != nil {
		return err
	}
	if h.Proof == "" {
		return fault.New(fault.NotFound, "portal.page")
	}
	c.w.Header().Set("Content-Disposition", `attachment; filename="form.txt"`)
	return c.send(http.StatusOK, "text/plain; charset=utf-8", []byte(h.Proof))
}

// check gives out the page that checks a proof in any browser, away from here. It is kept and not opened here: it holds a
// script, and there is none on this side that a page would have to trust.
func (s *server) check(c *call) error {
	c.w.Header().Set("Content-Disposition", `attachment; filename="`+proof.PageName+`"`)
	return c.send(http.StatusOK, "text/html; charset=utf-8", proof.Page())
}

// organ is one of the directory's, with nothing in it where there is none.
func (s *server) organ(key id.ID) envelope.Organ {
	o, _ := s.Directory().Organ(key)
	return o
}
