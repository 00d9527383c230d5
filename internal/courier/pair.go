package courier

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/fault"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/spool"
)

// Side is one of the two.
type Side string

// The sides.
const (
	Portal Side = "portal"
	Work   Side = "work"
)

func (s Side) other() Side {
	if s == Portal {
		return Work
	}
	return Portal
}

const (
	keyName    = "courier/key"
	peerName   = "courier/peer"
	lineHead   = "qianshao-courier-1"
	signsAs    = "qianshao-courier-" // and the side
	markGroups = 5
)

// own are a side's keys, for its owner alone.
type own struct {
	side    Side
	notes   seal.Notes
	private string // what is sealed to this side
	line    string // the public halves
}

// peer is what is known of the other side.
type peer struct {
	side     Side
	verifier note.Verifier
	public   string // what goes to it is sealed to this
	line     string
}

// Init makes a side's keys, if they are not there, and returns the line that the other side is given.
func Init(s *spool.Spool, side Side) (line string, fresh bool, err error) {
	o, ok, err := loadOwn(s)
	if err != nil {
		return "", false, err
	}
	if ok {
		if o.side != side {
			return "", false, fault.New(fault.Conflict, "courier.side", string(o.side))
		}
		return o.line, false, nil
	}
	notes, err := seal.NewNotes(signsAs + string(side))
	if err != nil {
		return "", false, err
	}
	private, _, err := seal.NewKey(seal.Age)
	if err != nil {
		return "", false, err
	}
	if err := s.Keep(keyName, []byte(string(side)+"\n"+string(notes.File())+private+"\n")); err != nil {
		return "", false, err
	}
	o, _, err = loadOwn(s)
	return o.line, true, err
}

func loadOwn(s *spool.Spool) (own, bool, error) {
	b, ok, err := s.Kept(keyName)
	if err != nil || !ok {
		return own{}, false, err
	}
	bad := fault.New(fault.Invalid, "courier.key", keyName)
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != 4 {
		return own{}, false, bad
	}
	o := own{side: Side(lines[0]), private: lines[3]}
	if o.notes, err = seal.ParseNotes([]byte(lines[1] + "\n" + lines[2])); err != nil {
		return own{}, false, bad.Because(err)
	}
	public, err := seal.Public(o.private)
	if err != nil || o.side != Portal && o.side != Work {
		return own{}, false, bad.Because(err)
	}
	o.line = strings.Join([]string{lineHead, lines[0], lines[2], public}, " ")
	return o, true, nil
}

func parsePeer(line string) (peer, error) {
	bad := fault.New(fault.Invalid, "courier.line")
	parts := strings.Fields(line)
	if len(parts) != 4 || parts[0] != lineHead {
		return peer{}, bad
	}
	v, err := note.NewVerifier(parts[2])
	if err != nil || v.Name() != signsAs+parts[1] || parts[1] != string(Portal) && parts[1] != string(Work) {
		return peer{}, bad
	}
	if _, err := seal.Seal(nil, parts[3]); err != nil {
		return peer{}, bad.Because(err)
	}
	return peer{Side(parts[1]), v, parts[3], strings.Join(parts, " ")}, nil
}

// Pair keeps the other side's line: from then on bundles are made for it and taken from it alone. Another line than the one
// kept is refused unless it is anew: a person knows that the other side has new keys. Everything then goes to it again.
func Pair(s *spool.Spool, line string, anew bool) error {
	done, err := alone(s)
	if err != nil {
		return err
	}
	defer done()
	o, ok, err := loadOwn(s)
	if err == nil && !ok {
		err = fault.New(fault.Conflict, "courier.none")
	}
	if err != nil {
		return err
	}
	p, err := parsePeer(line)
	if err != nil {
		return err
	}
	if p.side == o.side {
		return fault.New(fault.Conflict, "courier.same", string(p.side))
	}
	was, ok, err := s.Kept(peerName)
	if err != nil || ok && strings.TrimSpace(string(was)) == p.line {
		return err
	}
	if ok && !anew {
		return fault.New(fault.Conflict, "courier.paired", Mark(strings.TrimSpace(string(was))))
	}
	st, err := loadState(s)
	if err != nil {
		return err
	}
	st.Received, st.Acked, st.Again, st.Heard = reached{}, 0, 0, time.Now().Unix()
	if err := s.Keep(toldName, nil); err != nil {
		return err
	}
	if err := st.save(s); err != nil {
		return err
	}
	return s.Keep(peerName, []byte(p.line+"\n"))
}

// Mark is a line as two people compare it by telephone.
func Mark(line string) string {
	h := digest([]byte(line))
	var groups []string
	for i := range markGroups {
		groups = append(groups, h[4*i:4*i+4])
	}
	return strings.Join(groups, " ")
}

func digest(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// Courier is one side's, paired with the other.
type Courier struct {
	spool *spool.Spool
	own   own
	peer  peer
}

// Open reads a side's keys and the other's line.
func Open(s *spool.Spool) (*Courier, error) {
	o, ok, err := loadOwn(s)
	if err == nil && !ok {
		err = fault.New(fault.Conflict, "courier.none")
	}
	if err != nil {
		return nil, err
	}
	b, ok, err := s.Kept(peerName)
	if err == nil && !ok {
		err = fault.New(fault.Conflict, "courier.unpaired")
	}
	if err != nil {
		return nil, err
	}
	p, err := parsePeer(string(b))
	if err != nil || p.side != o.side.other() {
		return nil, fault.New(fault.Invalid, "courier.key", peerName).Because(err)
	}
	return &Courier{s, o, p}, nil
}

// Side is the side that this is.
func (c *Courier) Side() Side { return c.own.side }

// alone keeps two couriers of one side from working at once.
func alone(s *spool.Spool) (func(), error) {
	done, err := s.Alone("courier/lock")
	if errors.Is(err, spool.ErrBusy) {
		err = fault.New(fault.Conflict, "courier.busy")
	}
	if err != nil {
		return nil, fmt.Errorf("courier: %w", err)
	}
	return done, nil
}

// step is told to whoever watches the steps on disk.
func (c *Courier) step(what string) error {
	if c.spool.Step == nil {
		return nil
	}
	return c.spool.Step(what)
}
