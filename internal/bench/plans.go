package bench

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"qianshao/internal/platform/db"
)

// large are the tables that grow with the work done: no page may read one whole, nor all of a tenant's rows of it.
var large = []string{"matters", "tipoffs", "slips", "clues", "cases", "subjects", "team", "tallies", "rollups", "clocks", "clock_entries", "fires", "proposals", "proposal_steps", "papers", "texts",
	"acts", "log_hashes", "officials", "people", "holdings", "access_log", "bars"}

// inOrder are indexes that are walked from their beginning, in the order of a list, until there is enough: nearly every row
// is wanted.
var inOrder = []string{"people_pinyin"}

var (
	reScan  = regexp.MustCompile(`^(?:SCAN|SEARCH) (\w+)(.*)$`)
	reAlias = regexp.MustCompile(`(?:FROM|JOIN) (\w+)(?: (\w+))?`)
	reSeq   = regexp.MustCompile(`Seq Scan on (\w+)`)
)

// wide says which large tables a statement reads whole, by the plan that the database makes for it.
func (r *runner) wide(text string, args []any) ([]string, error) {
	d := r.app.DB
	explain := "EXPLAIN QUERY PLAN "
	if d.Engine == db.Postgres {
		explain = "EXPLAIN "
	}
	rows, err := d.Raw().QueryContext(r.ctx, explain+text, args...)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	defer rows.Close()
	named := map[string]string{}
	for _, m := range reAlias.FindAllStringSubmatch(text, -1) {
		named[m[1]] = m[1]
		if m[2] != "" {
			named[m[2]] = m[1]
		}
	}
	var out []string
	for rows.Next() {
		var a, b, c int
		var line string
		if d.Engine == db.Postgres {
			err = rows.Scan(&line)
		} else {
			err = rows.Scan(&a, &b, &c, &line)
		}
		if err != nil {
			return nil, err
		}
		table := ""
		if m := reScan.FindStringSubmatch(line); m != nil && (strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "VIRTUAL TABLE") || strings.HasSuffix(line, "(city_id=?)")) {
			table = named[m[1]]
		}
		if m := reSeq.FindStringSubmatch(line); m != nil {
			table = m[1]
		}
		if slices.Contains(large, table) && !slices.ContainsFunc(inOrder, func(index string) bool { return strings.Contains(line, index) }) {
			out = append(out, table+": "+strings.TrimSpace(line))
		}
	}
	return out, rows.Err()
}

// statement is one that a page sent to the database.
type statement struct {
	text string
	args []any
}

// counting are pages whose business is to add up: they read what they count, and are held to their time alone.
var counting = []string{"/report", "/measures", "/force", "/units/", "/subjects"}

// plans opens every list under every filter and every page that links lead to, and names the statements that read a large
// table whole, by what they read.
func (r *runner) plans() (map[string][]string, error) {
	r.mux.Heard = func(text string, args []any) {
		if strings.HasPrefix(strings.TrimPrefix(text, "/*engine*/ "), "SELECT") {
			r.seen.Lock()
			r.heard = append(r.heard, statement{text, args})
			r.seen.Unlock()
		}
	}
	defer func() { r.mux.Heard = nil }()
	judged, out := map[string]bool{}, map[string][]string{}
	err := r.visit(func(s *session, path, route string) error {
		if slices.ContainsFunc(counting, func(p string) bool { return strings.HasPrefix(path, p) }) {
			return nil
		}
		r.seen.Lock()
		all := r.heard
		r.seen.Unlock()
		for _, st := range all {
			if judged[st.text] {
				continue
			}
			judged[st.text] = true
			bad, err := r.wide(st.text, st.args)
			if err != nil {
				return err
			}
			for _, b := range bad {
				out[b] = append(out[b], fmt.Sprintf("%s as %s: %s", path, s.login, st.text))
			}
		}
		return nil
	})
	return out, err
}

// plan is the part of a run that lists what plans shows.
func (r *runner) plan() error {
	bad, err := r.plans()
	for _, k := range slices.Sorted(maps.Keys(bad)) {
		f := figure("Plans that read a large table whole", k, "", nil)
		f.Fits, f.Note = false, bad[k][0]
		r.add(f)
	}
	return err
}
