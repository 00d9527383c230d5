package flow

// SubjectStage is what the person concerned is called by the state of the matter.
func SubjectStage(m Matter) string {
	if m.Kind == "case" {
		switch m.State {
		case "decided", "delivered", "executing", "executed", "close_review", "closed":
			if m.Outcome == "sanction" {
				return "sanctioned"
			}
		}
		return "investigated"
	}
	if m.Kind == "clue" {
		switch m.State {
		case "verify_plan", "plan_review", "verifying", "signing", "verified", "result_review":
			return "verified"
		}
	}
	return "reported"
}
