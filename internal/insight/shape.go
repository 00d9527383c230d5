package insight

// Shape is an empty report in its JSON form; the description of the interface is made from its type.
func Shape() any { return jsonReport{} }
