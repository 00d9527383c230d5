package witness_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"qianshao/internal/platform/checkpoint"
	"qianshao/internal/platform/seal"
	"qianshao/internal/witness"
)

// deployment is one whose owner can do what they like: they have the key.
type deployment struct {
	t      *testing.T
	name   string
	key    ed25519.PrivateKey
	logs   map[string]*tree
	listed []string
	signed map[string]string // what a witness sent back
	deaf   bool              // it takes no countersignature
}

type tree struct {
	n      int64
	hashes []tlog.Hash
}

func (t *tree) ReadHashes(idx []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range idx {
		out = append(out, t.hashes[i])
	}
	return out, nil
}

func (t *tree) add(text string, n int) *tree {
	for range n {
		hs, err := tlog.StoredHashes(t.n, fmt.Appendf(nil, "%s%d", text, t.n), t)
		if err != nil {
			panic(err)
		}
		t.hashes, t.n = append(t.hashes, hs...), t.n+1
	}
	return t
}

func newDeployment(t *testing.T) (*deployment, string) {
	t.Helper()
	d := &deployment{t: t, name: "abc", logs: map[string]*tree{"1.A": (&tree{}).add("a", 5), "1.B": (&tree{}).add("b", 8)}, listed: []string{"1.A", "1.B"}, signed: map[string]string{}}
	d.newKey()
	srv := httptest.NewServer(d)
	t.Cleanup(srv.Close)
	return d, srv.URL
}

func (d *deployment) newKey() {
	_, k, err := ed25519.GenerateKey(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	d.key = k
}

func (d *deployment) public() string {
	pub, _ := d.key.Public().(ed25519.PublicKey)
	return base64.StdEncoding.EncodeToString(pub)
}

func (d *deployment) note(log string, tr *tree) string {
	origin := "qianshao/" + d.name + "/" + log
	vkey, err := seal.VerifierKey(origin, d.public())
	if err != nil {
		d.t.Fatal(err)
	}
	hash := strings.Split(strings.TrimPrefix(vkey, origin+"+"), "+")[0]
	s, err := note.NewSigner("PRIVATE+KEY+" + origin + "+" + hash + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, d.key.Seed()...)))
	if err != nil {
		d.t.Fatal(err)
	}
	root, err := tlog.TreeHash(tr.n, tr)
	if err != nil {
		d.t.Fatal(err)
	}
	text, err := checkpoint.Checkpoint{Origin: origin, Size: tr.n, Root: root}.Sign(s)
	if err != nil {
		d.t.Fatal(err)
	}
	return text
}

func (d *deployment) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/portal/logs" {
		_ = json.NewEncoder(w).Encode(map[string]any{"deployment": d.name, "publics": []string{d.public()}, "logs": d.listed})
		return
	}
	parts := strings.Split(r.URL.Path, "/")
	log, what := parts[3], parts[4]
	tr := d.logs[log]
	switch {
	case tr == nil:
		http.NotFound(w, r)
	case what == "checkpoint":
		_, _ = io.WriteString(w, d.note(log, tr)+d.signed[log])
	case what == "consistency":
		from, _ := strconv.ParseInt(r.FormValue("from"), 10, 64)
		to, _ := strconv.ParseInt(r.FormValue("to"), 10, 64)
		p, err := tlog.ProveTree(to, from, tr)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, checkpoint.FormatGrowth(p))
	case d.deaf:
		http.Error(w, "", http.StatusServiceUnavailable)
	default:
		b, _ := io.ReadAll(r.Body)
		_, d.signed[log], _ = strings.Cut(string(b), "\n")
	}
}

func newWitness(t *testing.T, url string) *witness.Witness {
	t.Helper()
	k, err := checkpoint.NewSigning("city")
	if err != nil {
		t.Fatal(err)
	}
	return &witness.Witness{Key: k, Dir: t.TempDir(), URL: url, Now: time.Now}
}

func round(t *testing.T, w *witness.Witness) witness.Round {
	t.Helper()
	r, err := w.Round(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range r.Errors {
		t.Error(err)
	}
	return r
}

// Logs that grow are countersigned, each time over what they hold then; one that stands still is not signed anew.
func TestGrows(t *testing.T) {
	d, url := newDeployment(t)
	w := newWitness(t, url)
	me, err := checkpoint.ParseWitness(w.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if r := round(t, w); r.Logs != 2 || len(r.Refused) > 0 {
			t.Fatalf("round %d: %+v", i, r)
		}
		for log, tr := range d.logs {
			root, _ := tlog.TreeHash(tr.n, tr)
			if _, _, err := me.Countersigned(checkpoint.Checkpoint{Origin: "qianshao/abc/" + log, Size: tr.n, Root: root}, d.signed[log]); err != nil {
				t.Errorf("round %d, %s: %v", i, log, err)
			}
		}
		if i == 2 {
			before := d.signed["1.A"]
			if round(t, w); d.signed["1.A"] != before {
				t.Error("a log that stood still was signed anew")
			}
		}
		d.logs["1.A"].add("a", 3*i+1)
		d.logs["1.B"].add("b", 1)
	}
}

// Whatever the owner of a deployment does to its past is refused by the next round, with both notes kept, and stays
// refused when the past comes back; the other log is not touched by it.
func TestRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		do  func(d *deployment)
		why string
	}{
		"an entry taken out and the log made anew": {func(d *deployment) { d.logs["1.A"] = (&tree{}).add("a", 3).add("other", 4) }, "growth"},
		"the newest entries taken back":            {func(d *deployment) { d.logs["1.A"] = (&tree{}).add("a", 4) }, "growth"},
		"another log of the same length":           {func(d *deployment) { d.logs["1.A"] = (&tree{}).add("other", 5) }, "growth"},
		"the log gone":                             {func(d *deployment) { d.listed = d.listed[1:] }, "gone"},
	} {
		t.Run(name, func(t *testing.T) {
			d, url := newDeployment(t)
			w := newWitness(t, url)
			round(t, w)
			good, first := d.logs["1.A"], d.signed["1.A"]
			c.do(d)
			r := round(t, w)
			if len(r.Refused) != 1 || r.Refused[0].Log != "1.A" || r.Refused[0].Refused.Why != c.why || r.Logs != 1 {
				t.Fatalf("%+v", r)
			}
			if d.signed["1.A"] != first {
				t.Error("it was countersigned")
			}
			if c.why == "growth" && (!strings.Contains(r.Refused[0].Note, first) || r.Refused[0].Refused.Note == "") {
				t.Errorf("the evidence is not whole: %+v", r.Refused[0])
			}
			d.logs["1.A"], d.listed = good.add("a", 2), []string{"1.A", "1.B"}
			if r := round(t, w); len(r.Refused) != 1 || r.Refused[0].Refused.Why != c.why || d.signed["1.A"] != first {
				t.Errorf("the past came back, and the refusal was forgotten: %+v", r)
			}
			res := httptest.NewRecorder()
			w.Handler(func(key string, _ ...string) string { return key }).ServeHTTP(res, httptest.NewRequest(http.MethodGet, "/healthz", nil))
			if res.Code != http.StatusServiceUnavailable {
				t.Errorf("healthz: %d", res.Code)
			}
			w.Trust = true
			if r := round(t, w); len(r.Refused) != 0 || r.Logs != 2 || d.signed["1.A"] == first {
				t.Errorf("a person has looked, and it is still refused: %+v", r)
			}
			if kept, _ := filepath.Glob(filepath.Join(w.Dir, "1.A.refused-*.json")); len(kept) != 1 {
				t.Error("the evidence is gone")
			}
		})
	}
}

// The whole deployment made anew has another name or another key: nothing of it is signed until a person says so.
func TestOtherDeployment(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(d *deployment)
		want error
	}{
		"another name": {func(d *deployment) { d.name = "abd" }, witness.ErrOther},
		"another key":  {func(d *deployment) { d.newKey() }, witness.ErrKeys},
		"no name":      {func(d *deployment) { d.name = "" }, witness.ErrOther},
	} {
		t.Run(name, func(t *testing.T) {
			d, url := newDeployment(t)
			w := newWitness(t, url)
			round(t, w)
			clear(d.signed)
			c.do(d)
			if _, err := w.Round(t.Context()); !errors.Is(err, c.want) || len(d.signed) > 0 {
				t.Errorf("%v, %d signed", err, len(d.signed))
			}
		})
	}
}

// A note signed by somebody else is refused, though the listing says the right key.
func TestForged(t *testing.T) {
	d, url := newDeployment(t)
	w := newWitness(t, url)
	round(t, w)
	honest := d.key
	forger := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if d.key = honest; strings.HasSuffix(r.URL.Path, "/checkpoint") {
			d.newKey()
		}
		d.ServeHTTP(rw, r)
		d.key = honest
	}))
	defer forger.Close()
	w.URL = forger.URL
	if r := round(t, w); len(r.Refused) != 2 || r.Refused[0].Refused.Why != "signature" {
		t.Errorf("%+v", r)
	}
}

// Two readers are shown two logs: only one of them is what the witness knows, and whoever compares finds it.
func TestSplitView(t *testing.T) {
	_, url := newDeployment(t)
	w := newWitness(t, url)
	round(t, w)
	res := httptest.NewRecorder()
	w.Handler(func(key string, _ ...string) string { return key }).ServeHTTP(res, httptest.NewRequest(http.MethodGet, "/checkpoints", nil))
	var kept witness.Kept
	if err := json.Unmarshal(res.Body.Bytes(), &kept); err != nil || kept.Name != "abc" || len(kept.Checkpoints) != 2 {
		t.Fatalf("%s %v", res.Body, err)
	}
	shown := (&tree{}).add("a", 4).add("for the other reader", 3)
	root, _ := tlog.TreeHash(shown.n, shown)
	var was checkpoint.Checkpoint
	for _, n := range kept.Checkpoints {
		if checkpoint.Origin(n) == "qianshao/abc/1.A" {
			body, _, _ := strings.Cut(n, "\n\n")
			var err error
			if was, err = checkpoint.Parse(body + "\n"); err != nil {
				t.Fatal(err)
			}
		}
	}
	p, err := tlog.ProveTree(shown.n, was.Size, shown)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkpoint.CheckGrowth(was, checkpoint.Checkpoint{Origin: was.Origin, Size: shown.n, Root: root}, checkpoint.FormatGrowth(p)); !errors.Is(err, checkpoint.ErrGrowth) {
		t.Errorf("the other view was taken: %v", err)
	}
}

// What is signed was on the disk first: a deployment that does not take the signature gets the same past next time,
// and a witness that starts anew from its folder goes on where it was.
func TestRemembersFirst(t *testing.T) {
	d, url := newDeployment(t)
	w := newWitness(t, url)
	d.deaf = true
	if r, err := w.Round(t.Context()); err != nil || len(r.Errors) != 2 || r.Logs != 0 {
		t.Fatalf("%+v %v", r, err)
	}
	logs, err := w.Logs()
	if err != nil || len(logs) != 2 || logs[0].Size != 5 {
		t.Fatalf("%+v %v", logs, err)
	}
	d.deaf, d.logs["1.A"] = false, (&tree{}).add("other", 9)
	again := *w
	if r := round(t, &again); len(r.Refused) != 1 || r.Logs != 1 {
		t.Errorf("%+v", r)
	}
	for _, f := range []string{"../evil", "1.A/../../x", "x"} {
		d.listed = []string{"1.B", f}
		r, err := again.Round(t.Context())
		if err != nil || len(r.Errors) != 1 {
			t.Errorf("a log called %q: %+v %v", f, r, err)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(w.Dir))
	if err != nil || len(entries) != 1 {
		t.Errorf("something was written beside the folder: %v %v", entries, err)
	}
}

// A million entries are caught up with in one proof.
func TestCatchesUp(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a tree of a million")
	}
	d, url := newDeployment(t)
	w := newWitness(t, url)
	round(t, w)
	d.logs["1.A"].add("a", 1_000_000)
	begun := time.Now()
	if r := round(t, w); r.Logs != 2 {
		t.Errorf("%+v", r)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
