package api

import (
	"time"

	"qianshao/internal/calendar"
	"qianshao/internal/id"
)

// What this room takes and gives. A field's words are in locale under api.field.<Shape>.<field>, or api.field.<field>.
type (
	credentials struct {
		User     string `json:"user"`
		Password string `json:"password"`
	}

	unitRef struct {
		ID   id.ID  `json:"id"`
		Name string `json:"name"`
	}

	unitList struct {
		Items []unitOne `json:"items"`
	}
	unitOne struct {
		ID       id.ID  `json:"id"`
		Code     string `json:"code"`
		Name     string `json:"name"`
		Kind     string `json:"kind"`
		Superior string `json:"superior"`
	}

	// matterRow is a matter as lists show it.
	matterRow struct {
		ID          id.ID         `json:"id"`
		Kind        string        `json:"kind"`
		No          string        `json:"no"`
		Title       string        `json:"title"`
		State       string        `json:"state"`
		StateName   string        `json:"state_name"`
		Open        bool          `json:"open"`
		Version     int64         `json:"version"`
		Subject     string        `json:"subject"`
		SubjectPost string        `json:"subject_post"`
		Rank        string        `json:"rank"`
		Source      string        `json:"source,omitempty"`
		Outcome     string        `json:"outcome,omitempty"`
		Organ       unitRef       `json:"organ"`
		Handler     *unitRef      `json:"handler,omitempty"`
		Township    *unitRef      `json:"township,omitempty"`
		Received    calendar.Date `json:"received"`
		Opened      calendar.Date `json:"opened"`
		Due         calendar.Date `json:"due,omitempty"`
		Ended       calendar.Date `json:"ended,omitempty"`
		Marks       []string      `json:"marks"`
		Moves       string        `json:"moves"`
	}
	matterList struct {
		Items []matterRow `json:"items"`
		Next  string      `json:"next,omitempty"`
	}

	// matterOne is a matter with everything its page shows.
	matterOne struct {
		Matter   matterRow  `json:"matter"`
		Summary  string     `json:"summary"`
		Facts    []fact     `json:"facts"`
		Subjects []person   `json:"subjects"`
		Clocks   []duty     `json:"clocks"`
		Waiting  *approval  `json:"waiting,omitempty"`
		Team     []member   `json:"team"`
		Files    []file     `json:"files"`
		Papers   []paper    `json:"papers"`
		Family   []relative `json:"family"`
		History  []event    `json:"history"`
		Older    string     `json:"older,omitempty"`
	}
	fact struct {
		Label string `json:"label"`
		Text  string `json:"text"`
	}
	person struct {
		Name        string `json:"name"`
		Post        string `json:"post"`
		Unit        string `json:"unit"`
		UnitText    string `json:"unit_text"`
		Rank        string `json:"rank"`
		Category    string `json:"category"`
		PartyMember bool   `json:"party_member"`
		Chief       bool   `json:"chief"`
	}
	member struct {
		Stage  string        `json:"stage"`
		Name   string        `json:"name"`
		Lead   bool          `json:"lead"`
		From   calendar.Date `json:"from"`
		To     calendar.Date `json:"to,omitempty"`
		Signed bool          `json:"signed"`
	}
	file struct {
		ID    string        `json:"id"`
		Name  string        `json:"name"`
		Bytes int64         `json:"bytes"`
		Added calendar.Date `json:"added"`
	}
	paper struct {
		ID    string        `json:"id"`
		Code  string        `json:"code"`
		No    string        `json:"no"`
		Title string        `json:"title"`
		Made  calendar.Date `json:"made"`
	}
	relative struct {
		ID        id.ID  `json:"id"`
		Kind      string `json:"kind"`
		No        string `json:"no"`
		State     string `json:"state"`
		StateName string `json:"state_name"`
	}
	event struct {
		At    string   `json:"at"`
		Title string   `json:"title"`
		Says  []string `json:"says"`
		By    string   `json:"by"`
		Act   int64    `json:"act,omitempty"`
	}

	// duty is one obligation: on a desk with the matter it is about, or among a matter's own.
	duty struct {
		ID       id.ID         `json:"id"`
		What     string        `json:"what"`
		Subject  *subject      `json:"subject,omitempty"`
		Rule     string        `json:"rule"`
		Basis    string        `json:"basis"`
		Opened   calendar.Date `json:"opened"`
		Due      calendar.Date `json:"due"`
		Why      string        `json:"why"`
		State    string        `json:"state"`
		Late     bool          `json:"late"`
		Legal    bool          `json:"legal"`
		OwedBy   string        `json:"owed_by"`
		For      string        `json:"for,omitempty"`
		Waits    bool          `json:"waits,omitempty"`
		Approval string        `json:"approval,omitempty"`
		Recusal  string        `json:"recusal,omitempty"`
		Ended    calendar.Date `json:"ended,omitempty"`
		Moves    string        `json:"moves,omitempty"`
	}
	clockList struct {
		ID      id.ID  `json:"id"`
		Kind    string `json:"kind"`
		Version int64  `json:"version"`
		Items   []duty `json:"items"`
	}
	clockMoveList struct {
		ID      id.ID     `json:"id"`
		Kind    string    `json:"kind"`
		Version int64     `json:"version"`
		Clock   duty      `json:"clock"`
		Waiting *approval `json:"waiting,omitempty"`
		Moves   []move    `json:"moves"`
	}
	// subject is the matter that an obligation or a proposal is about.
	subject struct {
		ID      id.ID  `json:"id"`
		Kind    string `json:"kind"`
		No      string `json:"no"`
		Title   string `json:"title"`
		State   string `json:"state"`
		Version int64  `json:"version"`
	}

	approvalList struct {
		Items []approval `json:"items"`
	}
	approval struct {
		ID      id.ID               `json:"id"`
		Move    string              `json:"move"`
		Name    string              `json:"name"`
		Asked   string              `json:"asked"`
		Subject subject             `json:"subject"`
		Author  string              `json:"author"`
		Made    string              `json:"made"`
		Due     calendar.Date       `json:"due,omitempty"`
		Yours   bool                `json:"yours"`
		Own     bool                `json:"own"`
		Record  bool                `json:"record"`
		Fields  map[string][]string `json:"fields"`
		Says    []fact              `json:"says"`
		Steps   []step              `json:"steps"`
	}
	step struct {
		Role     string        `json:"role"`
		Seat     string        `json:"seat"`
		Moved    string        `json:"moved,omitempty"`
		Due      bool          `json:"due"`
		Decision string        `json:"decision,omitempty"`
		Person   string        `json:"person,omitempty"`
		Note     string        `json:"note,omitempty"`
		On       calendar.Date `json:"on,omitempty"`
		At       string        `json:"at,omitempty"`
	}
	decisionIn struct {
		Decision string        `json:"decision"`
		Note     string        `json:"note,omitempty"`
		On       calendar.Date `json:"on,omitempty"`
		Version  int64         `json:"version"`
	}

	moveList struct {
		ID        id.ID  `json:"id"`
		Kind      string `json:"kind"`
		State     string `json:"state"`
		StateName string `json:"state_name"`
		Version   int64  `json:"version"`
		Moves     []move `json:"moves"`
	}
	move struct {
		Move     string   `json:"move"`
		Name     string   `json:"name"`
		What     string   `json:"what"`
		Open     bool     `json:"open"`
		Code     string   `json:"code,omitempty"`
		Why      string   `json:"why,omitempty"`
		Fields   []field  `json:"fields,omitempty"`
		Approval *chain   `json:"approval,omitempty"`
		Starts   []timer  `json:"starts,omitempty"`
		Basis    []string `json:"basis"`
	}
	field struct {
		Name    string   `json:"name"`
		Label   string   `json:"label"`
		Help    string   `json:"help,omitempty"`
		Kind    string   `json:"kind"`
		Must    bool     `json:"must"`
		When    *when    `json:"when,omitempty"`
		Min     int      `json:"min,omitempty"`
		Max     int      `json:"max,omitempty"`
		Since   string   `json:"since,omitempty"`
		Future  bool     `json:"future,omitempty"`
		Choices []choice `json:"choices,omitempty"`
	}
	when struct {
		Field string   `json:"field"`
		In    []string `json:"in"`
	}
	choice struct {
		Code string `json:"code"`
		Name string `json:"name"`
		Note string `json:"note,omitempty"`
	}
	chain struct {
		Rule    string   `json:"rule"`
		Why     string   `json:"why"`
		Alone   bool     `json:"alone"`
		Signers []signer `json:"signers"`
	}
	signer struct {
		Role  string `json:"role"`
		Seat  string `json:"seat"`
		Unit  id.ID  `json:"unit"`
		Moved string `json:"moved,omitempty"`
	}
	timer struct {
		Rule   string `json:"rule"`
		Name   string `json:"name"`
		Length int    `json:"length"`
		Unit   string `json:"unit"`
	}
	moveIn struct {
		Move    string         `json:"move"`
		Version int64          `json:"version"`
		Fields  map[string]any `json:"fields,omitempty"`
	}
	// clockMoveIn is a moveIn about a clock.
	clockMoveIn moveIn
	// done is what a write gives, the same when it is repeated with its key.
	done struct {
		ID       id.ID  `json:"id"`
		State    string `json:"state"`
		Version  int64  `json:"version"`
		Approval string `json:"approval,omitempty"`
	}

	recusalList struct {
		ID    id.ID     `json:"id"`
		Kind  string    `json:"kind"`
		Moves []move    `json:"moves"`
		Items []recusal `json:"items"`
	}
	recusal struct {
		ID         id.ID         `json:"id"`
		Person     string        `json:"person"`
		Ground     string        `json:"ground"`
		GroundName string        `json:"ground_name"`
		Raised     string        `json:"raised"`
		Asker      string        `json:"asker,omitempty"`
		Relation   string        `json:"relation,omitempty"`
		State      string        `json:"state"`
		Declared   calendar.Date `json:"declared"`
		Declarant  string        `json:"declarant,omitempty"`
		Moved      string        `json:"moved,omitempty"`
		Decided    calendar.Date `json:"decided,omitempty"`
		Decider    string        `json:"decider,omitempty"`
		Note       string        `json:"note,omitempty"`
		Yours      bool          `json:"yours"`
	}
	recusalIn struct {
		Move     string `json:"move"`
		Person   string `json:"person,omitempty"`
		Ground   string `json:"ground"`
		Asker    string `json:"asker,omitempty"`
		Relation string `json:"relation,omitempty"`
		Note     string `json:"note,omitempty"`
	}
	recusalDecisionIn struct {
		Decision string `json:"decision"`
		Note     string `json:"note,omitempty"`
	}

	delegationList struct {
		Moves []move       `json:"moves"`
		Items []delegation `json:"items"`
	}
	delegation struct {
		ID      id.ID         `json:"id"`
		From    string        `json:"from"`
		To      string        `json:"to"`
		Post    string        `json:"post"`
		Unit    string        `json:"unit"`
		Begins  calendar.Date `json:"begins"`
		Ends    calendar.Date `json:"ends"`
		Reason  string        `json:"reason,omitempty"`
		Made    calendar.Date `json:"made"`
		Revoked calendar.Date `json:"revoked,omitempty"`
		State   string        `json:"state"`
		Yours   bool          `json:"yours"`
	}
	delegationIn struct {
		To     string        `json:"to"`
		Begins calendar.Date `json:"begins"`
		Ends   calendar.Date `json:"ends"`
		Reason string        `json:"reason,omitempty"`
	}
	nothingIn struct{}
	// settled is what became of a recusal or a delegation.
	settled struct {
		ID    id.ID  `json:"id"`
		State string `json:"state"`
	}

	subjectIn struct {
		Unit        string `json:"unit"`
		UnitText    string `json:"unit_text,omitempty"`
		Official    string `json:"official,omitempty"`
		Name        string `json:"name,omitempty"`
		Post        string `json:"post,omitempty"`
		Rank        string `json:"rank,omitempty"`
		Category    string `json:"category,omitempty"`
		PartyMember bool   `json:"party_member,omitempty"`
		Chief       bool   `json:"chief,omitempty"`
		Member      bool   `json:"member,omitempty"`
	}
	reporterIn struct {
		Name    string `json:"name"`
		Contact string `json:"contact"`
		When    string `json:"when,omitempty"`
	}
	tipoffIn struct {
		Subject    subjectIn     `json:"subject"`
		Channel    string        `json:"channel"`
		Received   calendar.Date `json:"received"`
		LateReason string        `json:"late_reason,omitempty"`
		FromKind   string        `json:"from_kind,omitempty"`
		FromNo     string        `json:"from_no,omitempty"`
		Named      bool          `json:"named,omitempty"`
		Reporter   *reporterIn   `json:"reporter,omitempty"`
		Original   string        `json:"original,omitempty"`
		Title      string        `json:"title,omitempty"`
		Summary    string        `json:"summary,omitempty"`
		Discipline string        `json:"discipline,omitempty"`
	}
	clueIn struct {
		Subject    subjectIn     `json:"subject"`
		Source     string        `json:"source"`
		FromKind   string        `json:"from_kind,omitempty"`
		FromText   string        `json:"from_text,omitempty"`
		Received   calendar.Date `json:"received"`
		Title      string        `json:"title"`
		Summary    string        `json:"summary"`
		Discipline string        `json:"discipline"`
		VerifyNote string        `json:"verify_note,omitempty"`
	}
	entered struct {
		ID   id.ID  `json:"id"`
		No   string `json:"no"`
		Kind string `json:"kind"`
		Gone bool   `json:"gone"`
	}
)

// moment is an instant as programs read it, "" for none.
func moment(i calendar.Instant) string {
	if i == 0 {
		return ""
	}
	return i.Time().Format(time.RFC3339)
}
