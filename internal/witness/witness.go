package witness

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"qianshao/internal/platform/checkpoint"
	"qianshao/internal/platform/seal"
)

// Witness watches one deployment.
type Witness struct {
	Key   checkpoint.Signing
	Dir   string // what it remembers
	URL   string // of the deployment, or of its portal
	Trust bool   // the deployment's name and keys may differ from those of the first round: a person has looked
	Now   func() time.Time
}

// patient asks other machines; one that says nothing for a minute is away.
var patient = &http.Client{Timeout: time.Minute}

// Round is what one visit found.
type Round struct {
	Logs    int     // that were countersigned, newly or again
	Refused []Log   // that contradict what is remembered, now or since an earlier round
	Errors  []error // of logs that could not be asked, or would not take what was signed
}

// Errors that concern the whole deployment.
var (
	ErrOther    = errors.New("witness: the deployment is another than the one remembered")
	ErrKeys     = errors.New("witness: the deployment signs with a key that is not remembered")
	ErrStranger = errors.New("witness: the deployment does not know this witness's key")
)

// most is how much of an answer is read.
const most = 8 << 20

// Round asks for every log's checkpoint and countersigns those that grew in order. An error ends it before any log was
// asked: the deployment did not answer, or is not the one that is remembered.
func (w *Witness) Round(ctx context.Context) (Round, error) {
	var out Round
	var now struct {
		Deployment
		Logs []string `json:"logs"`
	}
	b, err := w.get(ctx, "/portal/logs")
	if err == nil {
		err = json.Unmarshal(b, &now)
	}
	if err != nil {
		return out, err
	}
	was, err := w.Known()
	if err != nil {
		return out, err
	}
	switch {
	case now.Name == "" || len(now.Publics) == 0:
		return out, fmt.Errorf("%w: it has no name and signs nothing yet", ErrOther)
	case was.Name == "" || w.Trust:
		if was.Name != now.Name || !slices.Equal(was.Publics, now.Publics) {
			if err := w.write(deploymentFile, now.Deployment); err != nil {
				return out, err
			}
		}
		was = now.Deployment
	case was.Name != now.Name:
		return out, fmt.Errorf("%w: %s, remembered is %s", ErrOther, now.Name, was.Name)
	case !subset(now.Publics, was.Publics):
		return out, ErrKeys
	}
	known, err := w.Logs()
	if err != nil {
		return out, err
	}
	for _, l := range known {
		if l.Refused != nil && w.Trust {
			if err := w.setAside(l); err != nil {
				return out, err
			}
			continue
		}
		if !slices.Contains(now.Logs, l.Log) {
			out.refuse(w, l, "gone", "")
		}
	}
	for _, name := range now.Logs {
		if !logName.MatchString(name) {
			out.Errors = append(out.Errors, fmt.Errorf("witness: %q is no name of a log", name))
			continue
		}
		w.one(ctx, was, name, &out)
		if n := len(out.Errors); n > 0 && errors.Is(out.Errors[n-1], ErrStranger) {
			return out, ErrStranger // so would every other log
		}
	}
	return out, nil
}

func subset(a, of []string) bool {
	return !slices.ContainsFunc(a, func(x string) bool { return !slices.Contains(of, x) })
}

// refuse keeps what contradicts; the first contradiction of a log is the one that stays.
func (r *Round) refuse(w *Witness, l Log, why, note string) {
	if l.Refused == nil {
		l.Refused = &Refusal{At: w.Now().UTC(), Why: why, Note: note}
		if err := w.keep(l); err != nil {
			r.Errors = append(r.Errors, err)
		}
	}
	r.Refused = append(r.Refused, l)
}

// one asks after one log.
func (w *Witness) one(ctx context.Context, d Deployment, name string, out *Round) {
	fail := func(err error) { out.Errors = append(out.Errors, fmt.Errorf("%s: %w", name, err)) }
	origin := "qianshao/" + d.Name + "/" + name
	l, err := w.log(name)
	if err != nil {
		fail(err)
		return
	}
	was, err := l.was(origin)
	if err != nil {
		fail(err)
		return
	}
	b, err := w.get(ctx, "/portal/logs/"+url.PathEscape(name)+"/checkpoint")
	if errors.Is(err, errAbsent) && l.Note == "" {
		return // nothing was signed yet
	}
	if err != nil {
		fail(err)
		return
	}
	text := string(b)
	var keys []string
	for _, p := range d.Publics {
		k, err := seal.VerifierKey(origin, p)
		if err != nil {
			fail(err)
			return
		}
		keys = append(keys, k)
	}
	now, err := checkpoint.Open(text, origin, keys...)
	if err != nil {
		out.refuse(w, l, "signature", text)
		return
	}
	proof := ""
	if was.Size > 0 && was.Size < now.Size {
		b, err := w.get(ctx, "/portal/logs/"+url.PathEscape(name)+"/consistency?from="+strconv.FormatInt(was.Size, 10)+"&to="+strconv.FormatInt(now.Size, 10))
		if err != nil && !errors.Is(err, errAbsent) {
			fail(err)
			return
		}
		proof = string(b)
	}
	if err := checkpoint.CheckGrowth(was, now, proof); err != nil {
		out.refuse(w, l, "growth", text)
		return
	}
	if l.Refused != nil {
		out.Refused = append(out.Refused, l) // a contradiction is not forgotten because the past came back
		return
	}
	me, err := checkpoint.ParseWitness(w.Key.Public())
	if err != nil {
		fail(err)
		return
	}
	if _, _, err := me.Countersigned(now, text); err == nil && l.Size == now.Size {
		out.Logs++
		return
	}
	at := w.Now().UTC()
	line := w.Key.Countersign(now, at)
	body, _, _ := strings.Cut(text, "\n\n")
	l.Size, l.At, l.Note = now.Size, at, body+"\n\n"+own(text, origin)+line
	if err := w.keep(l); err != nil { // before anybody sees it
		fail(err)
		return
	}
	if err := w.post(ctx, "/portal/logs/"+url.PathEscape(name)+"/countersignature", strconv.FormatInt(now.Size, 10)+"\n"+line); err != nil {
		fail(err)
		return
	}
	out.Logs++
}

// own is the log's own signature lines under a note.
func own(text, origin string) string {
	_, lines, _ := strings.Cut(text, "\n\n")
	var b strings.Builder
	for line := range strings.Lines(lines) {
		if strings.HasPrefix(line, "— "+origin+" ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

var errAbsent = errors.New("witness: it is not there")

func (w *Witness) get(ctx context.Context, path string) ([]byte, error) {
	return w.ask(ctx, http.MethodGet, path, "")
}

func (w *Witness) post(ctx context.Context, path, body string) error {
	_, err := w.ask(ctx, http.MethodPost, path, body)
	return err
}

func (w *Witness) ask(ctx context.Context, method, path, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(w.URL, "/")+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	res, err := patient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, most))
	switch {
	case err != nil:
		return nil, err
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusBadRequest || res.StatusCode == http.StatusUnprocessableEntity:
		return nil, errAbsent
	case res.StatusCode >= 300:
		var problem struct {
			Code string `json:"code"`
		}
		_ = json.Unmarshal(b, &problem) // a proxy's page is no problem document
		if problem.Code == "witness.unknown" {
			return nil, ErrStranger
		}
		return nil, fmt.Errorf("witness: %s answered %d %s", path, res.StatusCode, problem.Code)
	}
	return b, nil
}
