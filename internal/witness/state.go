package witness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"qianshao/internal/platform/checkpoint"
)

// Deployment is whose logs are watched, as the first round found it.
type Deployment struct {
	Name    string   `json:"deployment"`
	Publics []string `json:"publics"` // keys of its checkpoints
}

// Log is what is remembered of one.
type Log struct {
	Log     string    `json:"log"`
	Size    int64     `json:"size"`
	Note    string    `json:"note"` // the newest checkpoint that was countersigned, with the line under it
	At      time.Time `json:"at"`
	Refused *Refusal  `json:"refused,omitempty"` // since when it is not countersigned any more, and why
}

// Refusal is a checkpoint that contradicts what is remembered.
type Refusal struct {
	At   time.Time `json:"at"`
	Why  string    `json:"why"`
	Note string    `json:"note,omitempty"` // the one that was refused: with Log.Note, the evidence
}

const deploymentFile = "deployment.json"

// names of logs are the deployment's word: they become names of files only in this form.
var logName = regexp.MustCompile(`^[0-9]{1,18}\.[0-9A-Z]{1,40}$`)

// read fills v from a file of the folder; false when there is none.
func (w *Witness) read(name string, v any) (bool, error) {
	b, err := os.ReadFile(filepath.Join(w.Dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		return false, fmt.Errorf("witness: %s: %w", name, err)
	}
	return true, nil
}

// write replaces a file of the folder; it is on the disk, whole, when this returns.
func (w *Witness) write(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(w.Dir, ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(w.Dir, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	dir, err := os.Open(w.Dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Known is the deployment that is watched; its name is "" before the first round.
func (w *Witness) Known() (Deployment, error) {
	var d Deployment
	_, err := w.read(deploymentFile, &d)
	return d, err
}

// Logs lists what is remembered, by log.
func (w *Witness) Logs() ([]Log, error) {
	names, err := filepath.Glob(filepath.Join(w.Dir, "*.log.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var out []Log
	for _, n := range names {
		var l Log
		if _, err := w.read(filepath.Base(n), &l); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

func (w *Witness) log(name string) (Log, error) {
	l := Log{Log: name}
	_, err := w.read(name+".log.json", &l)
	return l, err
}

func (w *Witness) keep(l Log) error { return w.write(l.Log+".log.json", l) }

// setAside ends a refusal that a person has looked at: the two notes stay as evidence under another name, and the log is
// watched from now on as a new one.
func (w *Witness) setAside(l Log) error {
	name := filepath.Join(w.Dir, l.Log+".log.json")
	return os.Rename(name, filepath.Join(w.Dir, fmt.Sprintf("%s.refused-%d.json", l.Log, l.Refused.At.Unix())))
}

// was is the checkpoint that is remembered, of size 0 for a log that is new.
func (l Log) was(origin string) (checkpoint.Checkpoint, error) {
	if l.Note == "" {
		return checkpoint.Checkpoint{Origin: origin}, nil
	}
	body, _, ok := strings.Cut(l.Note, "\n\n")
	if !ok {
		return checkpoint.Checkpoint{}, checkpoint.ErrForm
	}
	return checkpoint.Parse(body + "\n")
}
