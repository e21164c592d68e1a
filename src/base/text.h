// Hexadecimal and base64, the only spellings of bytes in the formats.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace firebreak {

// Lower case, two characters a byte.
std::string to_hex(ByteView bytes);
// Lower case only, even length; Invalid otherwise.
Result<Bytes> from_hex(std::string_view text);
// The same into `to`, as long as it is; false where `text` is anything but its digits. An index is
// millions of ids.
bool decode_hex(std::string_view text, std::span<std::byte> to);

// Standard alphabet with padding (RFC 4648 section 4).
std::string to_base64(ByteView bytes);
// Strict: padding required, no line breaks, no bits left over; Invalid otherwise.
Result<Bytes> from_base64(std::string_view text);
// As to_base64, in the URL-safe alphabet and without padding (RFC 4648 section 5).
std::string to_base64url(ByteView bytes);

// The length of the valid UTF-8 sequence that `text` begins with; 0 where there is none.
std::size_t utf8_sequence(std::string_view text);
bool is_valid_utf8(std::string_view text);
// The code point of a sequence that utf8_sequence() found valid.
char32_t decode_utf8(std::string_view sequence);
void append_utf8(std::string& to, char32_t code);

// A text that is safe to print on a terminal: control characters and bytes that are no valid
// UTF-8 become \xNN, so that a hostile name can neither move the cursor nor break a line.
std::string printable(std::string_view text);

// How many bytes must be added, removed or replaced to make one of the other: to name what somebody
// who mistyped may have meant. Costs the product of the lengths.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace firebreak
