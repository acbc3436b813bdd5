// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/store/documents.h"

#include <QByteArray>

namespace moescope::gui {

/** Larger files are refused before they are read. */
constexpr qint64 kMostDocumentBytes = qint64{32} << 20;

/** Whether this build reads PDF files. */
bool readsPdf();

/** Reads a file that is to go along with a message. Its bytes say what it is, never its name: UTF-8, or UTF-16 with a byte
 *  order mark; PDF where readsPdf(). Throws trace::Error{document.…}, whose sentence names the file and what is wrong with
 *  it: it is missing, a folder, a device or pipe, too large, empty, binary, of another encoding, or a model
 *  ({document.model}). */
store::Document readDocument(const QString& path);

/** The text of a file's bytes, with the line ends of Unix. Throws as readDocument(). */
QString textOfBytes(const QString& name, const QByteArray& bytes);

} // namespace moescope::gui
