package accounthttp

// Shape is an empty answer to a program that signs in; the description of the interface is made from its type.
func Shape() any { return sessionAnswer{} }
