package custodyhttp

import (
	"errors"
	"io"
	"net/http"

	"qianshao/internal/access"
	"qianshao/internal/custody"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/web"
	"qianshao/internal/web/ui"
)

// FileRoutes are the addresses of the files of a matter.
func (p *Pages) FileRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: "/m/{id}/files", Perm: access.Signed, Do: p.files},
		{Method: http.MethodPost, Path: "/m/{id}/files", Perm: access.MatterMove, Do: p.addFile},
		{Method: http.MethodGet, Path: "/m/{id}/files/{file}", Perm: access.Signed, Do: p.getFile},
	}
}

type filesView struct {
	Frame  ui.Frame
	No     string
	Title  string
	Back   string
	Action string
	Wrong  string
	Error  string
	Locked bool
	Keys   bool // the reader may unlock
	List   []fileLine
	Add    bool
	Ended  bool // and the reader may have a part in destroying what it brought
}

type fileLine struct{ Name, Note, Href string }

func (p *Pages) files(c *web.Ctx) error { return p.renderFiles(c, nil) }

func (p *Pages) renderFiles(c *web.Ctx, problem error) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	d, err := p.Engine.Open(c.Context(), c.In(key), c.Who, key.Key)
	if err != nil {
		return err
	}
	m, base := d.Matter, "/m/"+key.String()
	v := filesView{Frame: c.Frame(c.T("file.title")), No: m.No, Title: m.Title, Back: base, Action: base + "/files", Locked: !p.Custody.Ring.Unlocked(m.Organ.String()), Keys: c.Who.Can(access.KeyHold),
		Add: m.Open && c.Who.Can(access.MatterMove), Error: web.Texts(c.Lang, problem)["file"]}
	v.Ended = m.Kind == "tipoff" && !m.Open && (c.Who.Is(access.Intake, m.Organ) || custody.Leads(c.Who, m.Organ, ""))
	for _, f := range d.Files {
		v.List = append(v.List, fileLine{f.Name, ui.Bytes(f.Size) + c.T("list.comma_in") + c.T("file.added", ui.DayIn(c.Lang, f.Added, c.Today)), base + "/files/" + f.Key})
	}
	status := http.StatusOK
	if problem != nil {
		v.Wrong, status = web.ProblemOf(c.Lang, problem).Title, web.Status(problem)
	}
	return c.Render(status, filesPage(v))
}

// addFile reads the upload as it comes and hands it on to be sealed: parsing the form first would write it to disk in
// the clear.
func (p *Pages) addFile(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	if _, err := flow.Get(c.Context(), c.In(key), c.Who, key.Key); err != nil {
		return err
	}
	parts, err := c.R.MultipartReader()
	if err != nil {
		return fault.New(fault.BadRequest, "request.malformed").Because(err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return p.renderFiles(c, fault.InvalidField("file", "required"))
		}
		if err != nil {
			return unread(err)
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		if _, err := p.Custody.Add(c.Context(), c.Who, key, part.FileName(), part); err != nil {
			switch fault.KindOf(err) {
			case fault.Invalid, fault.Conflict:
				return p.renderFiles(c, err)
			}
			return upload(err)
		}
		return c.Redirect("/m/" + key.String() + "/files?done=file_added")
	}
}

// unread is what is between the parts of an upload and can't be read: too large, or no form at all.
func unread(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return fault.New(fault.BadRequest, "request.malformed").Because(err)
}

// upload keeps what the edge knows (too large, a fault) and takes any other failure to read for a malformed request.
func upload(err error) error {
	var large *http.MaxBytesError
	if _, ok := fault.As(err); ok || errors.As(err, &large) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.New(fault.BadRequest, "request.malformed").Because(err)
	}
	return err
}

// getFile sends a file.
func (p *Pages) getFile(c *web.Ctx) error {
	key, err := c.ID("id")
	if err != nil {
		return err
	}
	k := c.R.PathValue("file")
	if !id.ValidKey(k) {
		return fault.Hidden()
	}
	f, content, err := p.Custody.Read(c.Context(), c.Who, key.Key, id.ID{City: key.City, Key: k})
	if err != nil {
		if fault.Code(err) == "key.locked" {
			return p.renderFiles(c, err)
		}
		return err
	}
	defer content.Close()
	return c.Attach(f.Name, f.Type, f.Size, content)
}
