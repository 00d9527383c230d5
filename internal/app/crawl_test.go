package app_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/exchange"
	"qianshao/internal/insight"
)

// crawler goes wherever links lead.
type crawler struct {
	*walker
	b      *browser
	seen   map[string]bool // by who and where
	shapes map[string]int  // how many pages of one kind were seen
	marked int             // pages with something in them that was typed
}

var reKey = regexp.MustCompile(`[0-9]*\.?[0-7][0-9A-HJKMNP-TV-Z]{25}`)

// perShape is how many pages of one kind are looked at: matters differ, the tenth page of a list does not.
const perShape = 12

// page complains of what an answer would do in a browser, and gives back where it leads.
func (c *crawler) page(what string, a answer) []string {
	c.t.Helper()
	if a.code >= 500 {
		c.t.Errorf("%s: %d", what, a.code)
	}
	if strings.Contains(a.body, mark) {
		c.marked++
	}
	if t := a.head.Get("Content-Type"); t != "" && !strings.HasPrefix(t, "text/html") {
		if a.head.Get("X-Content-Type-Options") != "nosniff" {
			c.t.Errorf("%s: a browser may take %s for something else", what, t)
		}
		return nil
	}
	bad, links := inert(a.body)
	for _, x := range bad {
		c.t.Errorf("%s: %.200s", what, x)
	}
	return links
}

// reDated is a day or a month in an address.
var reDated = regexp.MustCompile(`\d{4}-\d{2}(?:-\d{2})?`)

// around follows every link there is from somebody's desk on.
func (c *crawler) around(who string) {
	c.t.Helper()
	todo := []string{"/", "/search?q=" + url.QueryEscape(mark), "/me", "/api/v1/desk", "/api/v1/clues?view=all", "/api/v1/tipoffs?view=all", "/api/v1/cases?view=all", "/force", "/measures", "/watch", "/superior", "/delegations"}
	for _, kind := range []string{"tipoffs", "slips", "clues", "cases"} {
		todo = append(todo, "/"+kind+"?view=all")
	}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		path, _, _ = strings.Cut(path, "#")
		shape := who + " " + reDated.ReplaceAllString(reKey.ReplaceAllString(path, "*"), "*") // one page of another day is the same page
		if c.seen[who+" "+path] || c.shapes[shape] >= perShape || strings.HasPrefix(path, "/assets/") || strings.HasPrefix(path, "/rules") {
			continue
		}
		c.seen[who+" "+path] = true
		c.shapes[shape]++
		for _, to := range c.page(path+" by "+who, c.get(who, path)) {
			// Programs get of a matter what its page shows.
			if m, ok := strings.CutPrefix(to, "/m/"); ok && !strings.Contains(m, "/") {
				for _, kind := range []string{"tipoffs", "clues", "cases"} {
					todo = append(todo, "/api/v1/"+kind+"/"+m)
				}
			}
			todo = append(todo, to)
		}
	}
}

// reflected asks every page with poison in every parameter that it may ask for: what comes back of an address is as inert.
func (c *crawler) reflected() {
	c.t.Helper()
	known := map[string][]string{}
	for _, r := range c.routes {
		if r.Method != http.MethodGet || strings.Contains(r.Path, "{") && !strings.Contains(r.Path, "{$}") {
			continue
		}
		path := strings.TrimSuffix(r.Path, "{$}")
		v := visits(r)[0]
		who := c.opens(v, path)
		for _, name := range parameters(c.t, r, known) {
			for _, text := range []string{poison, "javascript:" + mark + "()", "//" + mark + ".example"} {
				c.page(path+" with "+name, c.get(who, path+"?"+url.Values{name: {text}}.Encode()))
			}
		}
	}
	for _, path := range []string{"/sign-in?next=", "/posts?next=", "/second?next="} {
		c.page(path, c.get("", path+url.QueryEscape("javascript:"+mark+"()")))
	}
}

// givenOut looks at every table and report that leaves: no cell begins as a formula, and markup is a text in them.
func (c *crawler) givenOut() {
	c.t.Helper()
	n := 0
	for _, who := range []string{"supervision", "principal", "cityorg"} {
		for _, kind := range exchange.Kinds {
			for _, format := range []string{"csv", "xlsx"} {
				a := c.get(who, "/export?kind="+kind+"&format="+format)
				if a.code != http.StatusOK || kind == "holidays" {
					continue
				}
				if n++; format == "csv" {
					c.cells(kind, a.body)
				} else if err := workbook(a.body); err != nil {
					c.t.Errorf("%s as a workbook: %v", kind, err)
				}
			}
		}
		if !c.As(who).Can(access.ReportRead) {
			continue
		}
		for _, format := range insight.Formats {
			f := url.Values{"unit": {c.Units["full"].ID.String()}, "as": {format}}
			if who == "cityorg" {
				f.Set("unit", c.Units["county"].ID.String())
			}
			a := c.send(who, "/report/export", formKind, strings.NewReader(f.Encode()), -1)
			if a.code == http.StatusOK {
				n++
				if d := a.head.Get("Content-Disposition"); strings.ContainsAny(d, "<>\r\n") {
					c.t.Errorf("the report's name: %q", d)
				}
				if format == "docx" {
					if err := parts(a.body, func(string) {}); err != nil {
						c.t.Errorf("the report as docx: %v", err)
					}
				}
			}
		}
	}
	if n < 12 {
		c.t.Errorf("only %d files were given out", n)
	}
}

// cells complains of cells that a spreadsheet would take for a formula.
func (c *crawler) cells(kind, body string) {
	c.t.Helper()
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil {
		c.t.Errorf("%s: %v", kind, err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				c.t.Errorf("%s: a cell begins as a formula: %.60q", kind, cell)
			}
		}
	}
}

// parts reads every XML part of a file of the newer office programs: it has to be XML, and none of its elements may be
// somebody's.
func parts(body string, each func(element string)) error {
	z, err := zip.NewReader(bytes.NewReader([]byte(body)), int64(len(body)))
	if err != nil {
		return err
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return err
		}
		for dec := xml.NewDecoder(r); ; {
			token, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return errors.Join(err, r.Close())
			}
			if e, ok := token.(xml.StartElement); ok {
				each(e.Name.Local)
				if strings.Contains(e.Name.Local, mark) || e.Name.Local == "script" {
					return errors.New("an element " + e.Name.Local + " in " + f.Name)
				}
			}
		}
		_ = r.Close() // read to its end
	}
	return nil
}

// workbook complains of a workbook in which anything is computed or led to.
func workbook(body string) (err error) {
	e := parts(body, func(element string) {
		if slices.Contains([]string{"f", "hyperlink", "definedName", "externalReference"}, element) {
			err = errors.New("an element " + element)
		}
	})
	return errors.Join(e, err)
}

var reTag = regexp.MustCompile(`<[^>]*>|\s+`)

// plainText is what a page says.
func plainText(page string) string { return reTag.ReplaceAllString(page, " ") }
