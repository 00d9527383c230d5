package ledger

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"qianshao/internal/id"
	"qianshao/internal/platform/db"
)

// Finding is one thing that does not agree. Log and Seq name the entry it shows at; Seq is -1 when there is none.
type Finding struct {
	Log  id.ID
	Seq  int64
	What string // code: leaf, gap, hash, size, edge, order, body, part, row_changed, row_missing, row_unknown, checkpoint
	Row  string // "matters/01J…" for rows
	Note string
}

// Report is what Verify found in one tenant. Of very many findings the first ones are kept; Found counts all of them.
type Report struct {
	Logs, Acts, Rows, Checkpoints int64
	Findings                      []Finding
	Found                         int64
}

// First is the earliest bad entry, the one to name.
func (r Report) First() (Finding, bool) {
	if len(r.Findings) == 0 {
		return Finding{}, false
	}
	return r.Findings[0], true
}

const maxFindings = 200

// Checker verifies the signature on a log's checkpoint and returns the size and root that were signed.
type Checker func(log id.ID, note string) (int64, tlog.Hash, error)

type verifier struct {
	r    db.Reader
	rep  *Report
	last writes
	kept map[id.ID][]string
}

// Verify recomputes every log of a tenant from its acts, compares it with the stored hashes, heads and checkpoints,
// and holds every covered row against the digest in the newest act that wrote it. check verifies the signature on a
// log's checkpoint and returns its size and root (Notary.Check); nil skips signatures.
func Verify(ctx context.Context, r db.Reader, tables []*Table, check Checker, progress func(done int64)) (Report, error) {
	return VerifyAgainst(ctx, r, tables, check, nil, progress)
}

// VerifyAgainst is Verify with checkpoints that were kept outside the database, by log: what the database says of
// itself can be made up anew by whoever owns it and its key; what somebody else has kept can't.
func VerifyAgainst(ctx context.Context, r db.Reader, tables []*Table, check Checker, kept map[id.ID][]string, progress func(done int64)) (Report, error) {
	var rep Report
	v := verifier{r: r, rep: &rep, last: newWrites(), kept: kept}
	logs, err := db.Column[string](ctx, r, `SELECT log_id FROM logs WHERE city_id = $1 ORDER BY log_id`)
	if err != nil {
		return rep, err
	}
	orphans, err := db.Column[string](ctx, r, `SELECT DISTINCT a.log_id FROM acts a WHERE a.city_id = $1 AND NOT EXISTS (SELECT 1 FROM logs l WHERE l.city_id = a.city_id AND l.log_id = a.log_id)`)
	if err != nil {
		return rep, err
	}
	for log := range kept {
		if log.City == r.City() && !slices.Contains(logs, log.Key) && !slices.Contains(orphans, log.Key) {
			v.find(Finding{Log: log, Seq: 0, What: "gap", Note: "the whole log is gone, of which a checkpoint was kept"})
		}
	}
	for _, k := range append(logs, orphans...) {
		if err := v.log(ctx, id.ID{City: r.City(), Key: k}, check, progress); err != nil {
			return rep, err
		}
		rep.Logs++
	}
	for _, t := range tables {
		if err := v.table(ctx, t); err != nil {
			return rep, err
		}
	}
	if err := v.missing(ctx); err != nil {
		return rep, err
	}
	v.keepFirst()
	return rep, nil
}

// find remembers a finding. What is kept is bounded, and always holds the earliest of all that were found.
func (v *verifier) find(f Finding) {
	v.rep.Found++
	if v.rep.Findings = append(v.rep.Findings, f); len(v.rep.Findings) >= 2*maxFindings {
		v.keepFirst()
	}
}

func (v *verifier) keepFirst() {
	slices.SortStableFunc(v.rep.Findings, func(a, b Finding) int {
		if a.Seq < 0 != (b.Seq < 0) {
			return cmp.Compare(b.Seq, a.Seq) // a row that no entry knows comes last
		}
		return cmp.Or(cmp.Compare(a.Log.Key, b.Log.Key), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Row, b.Row))
	})
	v.rep.Findings = v.rep.Findings[:min(len(v.rep.Findings), maxFindings)]
}

type storedAct struct {
	seq, at        int64
	action, matter string
	actor          string
	salt, body     []byte
}

func (v *verifier) log(ctx context.Context, log id.ID, check Checker, progress func(int64)) error {
	var size, lastAt int64
	var edge []byte
	err := v.r.Row(ctx, `SELECT size, frontier, last_at FROM logs WHERE city_id = $1 AND log_id = $2`, log.Key).Scan(&size, &edge, &lastAt)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return err
	}
	notes, err := v.checkpoints(ctx, log)
	if err != nil {
		return err
	}
	for _, note := range v.kept[log] {
		if check == nil {
			break
		}
		// One that can't be checked is found again, and named, where all of them are.
		size, _, _ := check(log, note)
		notes[size] = append(notes[size], note)
	}
	roots := map[int64]tlog.Hash{}
	var have []byte // the edge as recomputed
	n, prev := int64(0), int64(0)
	broken := false // past the first bad entry nothing is said about the tree; the rows' digests are still gathered
	for {
		acts, err := db.All(ctx, v.r, func(rows *db.Rows) (a storedAct, err error) {
			return a, rows.Scan(&a.seq, &a.at, &a.action, &a.matter, &a.actor, &a.salt, &a.body)
		}, `SELECT seq, at, action, matter_id, actor_id, salt, body FROM acts WHERE city_id = $1 AND log_id = $2 AND seq >= $3 ORDER BY seq LIMIT 1000`, log.Key, n)
		if err != nil {
			return err
		}
		if len(acts) == 0 {
			break
		}
		stored, err := v.hashes(ctx, log, tlog.StoredHashCount(n), tlog.StoredHashCount(n+int64(len(acts))))
		if err != nil {
			return err
		}
		for _, a := range acts {
			if a.seq != n && !broken {
				v.find(Finding{Log: log, Seq: n, What: "gap", Note: fmt.Sprintf("entry %d is missing; the next one is %d", n, a.seq)})
				broken = true
			}
			if broken {
				if err := v.act(ctx, log, a, prev); err != nil {
					return err
				}
				n, prev = a.seq+1, a.at
				continue
			}
			leaf := tlog.RecordHash(Leaf(a.salt, a.body))
			hashes, next, err := grow(n, have, leaf)
			if err != nil {
				return err
			}
			from := tlog.StoredHashCount(n)
			for i, h := range hashes {
				s, ok := stored[from+int64(i)]
				if !ok || s != h {
					what := "hash"
					if i == 0 {
						what = "leaf"
					}
					v.find(Finding{Log: log, Seq: n, What: what, Note: "the entry is not the one that was logged"})
					broken = true
					break
				}
			}
			if err := v.act(ctx, log, a, prev); err != nil {
				return err
			}
			have, prev = next, a.at
			n++
			v.rep.Acts++
			if _, wanted := notes[n]; wanted {
				roots[n] = rootOf(have)
			}
		}
		if progress != nil {
			progress(v.rep.Acts)
		}
	}
	if broken {
		return nil
	}
	if n != size {
		v.find(Finding{Log: log, Seq: n, What: "size", Note: fmt.Sprintf("the head counts %d entries, %d are there", size, n)})
	} else if !bytes.Equal(have, edge) {
		v.find(Finding{Log: log, Seq: n - 1, What: "edge", Note: "the head's edge is not that of the entries"})
	}
	for at, list := range notes {
		for _, note := range list {
			v.checkpoint(log, at, note, roots, n, check)
		}
	}
	return nil
}

// entry is what verification reads of an act's body.
type entry struct {
	At     int64    `json:"at"`
	Action string   `json:"action"`
	Matter string   `json:"matter"`
	Rows   []Row    `json:"rows"`
	Parts  []string `json:"parts"`
	Actor  struct {
		Person string `json:"person"`
	} `json:"actor"`
}

// act checks one entry's columns against its body and remembers the digests of its rows.
func (v *verifier) act(ctx context.Context, log id.ID, a storedAct, prev int64) error {
	bad := func(what, note string) { v.find(Finding{Log: log, Seq: a.seq, What: what, Note: note}) }
	var b entry
	if err := json.Unmarshal(a.body, &b); err != nil {
		bad("body", "the entry can't be read")
		return nil
	}
	_, matter, _ := strings.Cut(b.Matter, ".")
	if b.At != a.at || b.Action != a.action || matter != a.matter || b.Actor.Person != a.actor {
		bad("body", "the columns beside the entry say something else than the entry")
	}
	if a.at < prev {
		bad("order", "the entry is older than the one before it")
	}
	wrong, err := v.rowsOf(ctx, log.Key, a.seq, b, func(r Row) { v.last.add(r, log.Key, a) })
	if wrong != "" {
		bad("part", wrong)
	}
	return err
}

// rowsOf passes on the rows that an entry wrote, those of a bulk entry part by part: one may have written a city's
// officials. wrong says what is the matter with a part; its rows are not passed on.
func (v *verifier) rowsOf(ctx context.Context, log id.Key, seq int64, b entry, each func(Row)) (wrong string, err error) {
	for _, r := range b.Rows {
		each(r)
	}
	if len(b.Parts) == 0 {
		return "", nil
	}
	rows, err := v.r.Query(ctx, `SELECT body FROM act_parts WHERE city_id = $1 AND log_id = $2 AND seq = $3 ORDER BY n`, log, seq)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	i := 0
	for ; rows.Next(); i++ {
		var p []byte
		if err := rows.Scan(&p); err != nil {
			return "", err
		}
		if s := sha256.Sum256(p); i >= len(b.Parts) || fmt.Sprintf("%x", s) != b.Parts[i] {
			wrong = "a part of a bulk entry was changed"
			continue
		}
		for line := range strings.Lines(string(p)) {
			k, d, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			each(Row{k, d})
		}
	}
	if i != len(b.Parts) {
		wrong = "parts of a bulk entry are missing"
	}
	return wrong, rows.Err()
}

func (v *verifier) hashes(ctx context.Context, log id.ID, from, to int64) (map[int64]tlog.Hash, error) {
	rows, err := v.r.Query(ctx, `SELECT idx, hash FROM log_hashes WHERE city_id = $1 AND log_id = $2 AND idx >= $3 AND idx < $4`, log.Key, from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make(map[int64]tlog.Hash, to-from)
	for rows.Next() {
		var i int64
		var h []byte
		if err := rows.Scan(&i, &h); err != nil {
			return nil, err
		}
		if len(h) == tlog.HashSize {
			out[i] = tlog.Hash(h)
		}
	}
	return out, rows.Err()
}

// rootOf folds a right edge into the tree's root: from the smallest subtree upwards, each larger one to its left.
func rootOf(edge []byte) tlog.Hash {
	n := len(edge) / tlog.HashSize
	if n == 0 {
		h, _ := tlog.TreeHash(0, nil) // the empty tree needs no reader
		return h
	}
	h := tlog.Hash(edge[(n-1)*tlog.HashSize:])
	for i := n - 2; i >= 0; i-- {
		h = tlog.NodeHash(tlog.Hash(edge[i*tlog.HashSize:(i+1)*tlog.HashSize]), h)
	}
	return h
}

func (v *verifier) checkpoints(ctx context.Context, log id.ID) (map[int64][]string, error) {
	rows, err := v.r.Query(ctx, `SELECT size, note FROM checkpoints WHERE city_id = $1 AND log_id = $2`, log.Key)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int64][]string{}
	for rows.Next() {
		var n int64
		var s string
		if err := rows.Scan(&n, &s); err != nil {
			return nil, err
		}
		out[n] = append(out[n], s)
	}
	return out, rows.Err()
}

func (v *verifier) checkpoint(log id.ID, at int64, note string, roots map[int64]tlog.Hash, n int64, check Checker) {
	v.rep.Checkpoints++
	if check == nil {
		return
	}
	size, root, err := check(log, note)
	switch {
	case err != nil:
		v.find(Finding{Log: log, Seq: at - 1, What: "checkpoint", Note: err.Error()})
	case size != at:
		v.find(Finding{Log: log, Seq: at - 1, What: "checkpoint", Note: fmt.Sprintf("a checkpoint over %d entries stands where one over %d belongs", size, at)})
	case at > n:
		v.find(Finding{Log: log, Seq: n, What: "checkpoint", Note: fmt.Sprintf("a checkpoint over %d entries was signed, %d are there", size, n)})
	case roots[at] != root:
		v.find(Finding{Log: log, Seq: at - 1, What: "checkpoint", Note: "the entries are not those that the checkpoint signed"})
	}
}

// table holds every row of a covered table against the act that wrote it last.
func (v *verifier) table(ctx context.Context, t *Table) error {
	rows, err := v.r.Query(ctx, t.selectText())
	if err != nil {
		return err
	}
	defer rows.Close()
	n := len(t.Key) + len(t.Cols)
	vals, ptrs := make([]any, n), make([]any, n)
	for i := range vals {
		ptrs[i] = &vals[i]
	}
	for rows.Next() {
		if err := rows.Scan(ptrs...); err != nil {
			return err
		}
		v.rep.Rows++
		key := t.Name + "/" + t.keyText(vals)
		w, known, fits := v.last.take(key, t.digest(vals))
		switch {
		case !known:
			v.find(Finding{Log: id.ID{City: v.r.City()}, Seq: -1, What: "row_unknown", Row: key, Note: "no entry says who wrote this row"})
		case !fits:
			v.find(Finding{Log: id.ID{City: v.r.City(), Key: v.last.logs[w.log]}, Seq: w.seq, What: "row_changed", Row: key, Note: "the row is not as this entry left it"})
		}
	}
	return rows.Err()
}

// missing reports the rows that acts wrote and that are no longer there: it counts all of them, and names the earliest
// by reading their entries once more.
func (v *verifier) missing(ctx context.Context) error {
	gone := v.last.rest()
	named := 0
	for named < len(gone) && named < maxFindings {
		log, seq := id.ID{City: v.r.City(), Key: v.last.logs[gone[named].log]}, gone[named].seq
		var body []byte
		if err := v.r.Row(ctx, `SELECT body FROM acts WHERE city_id = $1 AND log_id = $2 AND seq = $3`, log.Key, seq).Scan(&body); err != nil {
			return err
		}
		var b entry
		if err := json.Unmarshal(body, &b); err != nil {
			return err
		}
		names := map[rowSum]string{}
		if _, err := v.rowsOf(ctx, log.Key, seq, b, func(r Row) { names[v.last.sum(r.Key)] = r.Key }); err != nil {
			return err
		}
		for ; named < len(gone) && gone[named].seq == seq && v.last.logs[gone[named].log] == log.Key; named++ {
			v.find(Finding{Log: log, Seq: seq, What: "row_missing", Row: names[gone[named].row], Note: "the row that this entry wrote is gone"})
		}
	}
	v.rep.Found += int64(len(gone) - named)
	return nil
}

// Heads reads the size and root of every log of a tenant, for backups to compare.
func Heads(ctx context.Context, r db.Reader) (map[string]string, error) {
	rows, err := r.Query(ctx, `SELECT log_id, size, frontier FROM logs WHERE city_id = $1 ORDER BY log_id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var k string
		var n int64
		var edge []byte
		if err := rows.Scan(&k, &n, &edge); err != nil {
			return nil, err
		}
		out[k] = fmt.Sprintf("%d %s", n, rootOf(edge))
	}
	return out, rows.Err()
}

// Head is a log's size and root now.
func Head(ctx context.Context, r db.Reader, log id.ID) (int64, tlog.Hash, error) {
	var n int64
	var edge []byte
	err := r.Row(ctx, `SELECT size, frontier FROM logs WHERE city_id = $1 AND log_id = $2`, log.Key).Scan(&n, &edge)
	if errors.Is(err, db.ErrNoRows) {
		return 0, rootOf(nil), nil
	}
	return n, rootOf(edge), err
}
