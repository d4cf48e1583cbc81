import Foundation

// JSON as it is written: Foundation forgets the order of an object's members, which a model follows
// when it fills in a schema.

/// The elements of an array, or the members of an object with their names, as they are written.
func parts(of json: String) -> [String] {
    let inside = json.utf8.drop { $0 == space || $0 == newline }.dropFirst()
    var (parts, start, depth, quoted, escaped) = ([String](), inside.startIndex, 0, false, false)
    for index in inside.indices {
        let byte = inside[index]
        if quoted {
            quoted = escaped || byte != quote
            escaped = byte == backslash && !escaped
        } else if byte == quote {
            quoted = true
        } else if opening.contains(byte) {
            depth += 1
        } else if depth == 0, byte == comma || closing.contains(byte) {
            let part = String(inside[start..<index]) ?? ""
            parts.append(part.trimmingCharacters(in: .whitespacesAndNewlines))
            start = inside.index(after: index)
            if byte != comma { break }
        } else if closing.contains(byte) {
            depth -= 1
        }
    }
    return parts.filter { !$0.isEmpty }
}

/// The value of a member, as it is written.
func member(_ name: String, of json: String) -> String? {
    let prefix = "\"\(name)\":"
    return parts(of: json).first { $0.hasPrefix(prefix) }.map {
        $0.dropFirst(prefix.count).trimmingCharacters(in: .whitespaces)
    }
}

private let (space, newline) = (UInt8(ascii: " "), UInt8(ascii: "\n"))
private let (quote, backslash, comma) = (UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: ","))
private let (opening, closing) = (Array("[{".utf8), Array("]}".utf8))
