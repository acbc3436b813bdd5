// SPDX-License-Identifier: Apache-2.0
#include "app/gui/documentreader.h"

#include "app/store/values.h"
#include "engine/trace/error.h"

#include <QFile>
#include <QFileInfo>
#include <QStringDecoder>

#ifdef MOESCOPE_PDF
#include <QPdfDocument>
#include <QPdfSelection>
#endif

#include <algorithm>

namespace moescope::gui {
namespace {

trace::Error refusal(const char* id, const char* pattern, const QString& name, trace::Error::Arguments arguments = {}) {
    arguments.emplace_back("file", name.toStdString());
    return trace::Error(id, pattern, std::move(arguments));
}

QByteArray bytesOf(const QString& path, const QString& name) {
    const QFileInfo info(path);
    if (!info.exists()) {
        throw refusal("document.missing", "“{file}” is not there any more, so it was not added.", name);
    }
    if (info.isDir()) {
        throw refusal("document.folder", "“{file}” is a folder. Add the files in it.", name);
    }
    if (!info.isFile()) { // reading a pipe or a device may never end
        throw refusal("document.special", "“{file}” is a device or a pipe, not a file, so it was not read.", name);
    }
    const auto tooLarge = [&](qint64 bytes) {
        return refusal("document.bytes", "“{file}” has {bytes}, and documents of up to {most} are read.", name,
                       {{"bytes", trace::bytesText(static_cast<uint64_t>(bytes))},
                        {"most", trace::bytesText(static_cast<uint64_t>(kMostDocumentBytes))}});
    };
    if (info.size() > kMostDocumentBytes) {
        throw tooLarge(info.size());
    }
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        throw refusal("document.unreadable", "“{file}” could not be read: {detail}.", name,
                      {{"detail", file.errorString().toStdString()}});
    }
    const QByteArray bytes = file.read(kMostDocumentBytes + 1); // it may grow meanwhile
    if (file.error() != QFileDevice::NoError) {
        throw refusal("document.unreadable", "“{file}” could not be read: {detail}.", name,
                      {{"detail", file.errorString().toStdString()}});
    }
    if (bytes.size() > kMostDocumentBytes) {
        throw tooLarge(bytes.size());
    }
    return bytes;
}

/** Of a text only those that lay it out, and the escapes of terminals. */
bool isBinary(QChar c) {
    constexpr char16_t escape = 0x1B;
    const char16_t unit = c.unicode();
    return unit < 0x20 && unit != '\t' && unit != '\n' && unit != '\r' && unit != '\f' && unit != '\b' &&
           unit != escape;
}

QString withUnixLines(QString text) {
    text.replace(QLatin1String("\r\n"), QLatin1String("\n"));
    text.replace(QLatin1Char('\r'), QLatin1Char('\n'));
    return text;
}

#ifdef MOESCOPE_PDF
QString textOfPdf(const QString& path, const QString& name) {
    QPdfDocument pdf;
    const QPdfDocument::Error error = pdf.load(path);
    if (error == QPdfDocument::Error::IncorrectPassword || error == QPdfDocument::Error::UnsupportedSecurityScheme) {
        throw refusal("document.pdf_locked", "“{file}” is a PDF with a password, so it cannot be read.", name);
    }
    if (error != QPdfDocument::Error::None) {
        throw refusal("document.pdf_damaged", "“{file}” is a PDF that cannot be read.", name);
    }
    QString text;
    for (int page = 0; page < pdf.pageCount() && text.size() <= kMostDocumentBytes; ++page) {
        const QString words = pdf.getAllText(page).text();
        text += (text.isEmpty() ? QString() : QStringLiteral("\n\n")) + words;
    }
    if (text.trimmed().isEmpty()) {
        throw refusal("document.pdf_images", "“{file}” is a PDF that holds pictures and no text.", name);
    }
    return withUnixLines(text);
}
#endif

} // namespace

bool readsPdf() {
#ifdef MOESCOPE_PDF
    return true;
#else
    return false;
#endif
}

QString textOfBytes(const QString& name, const QByteArray& bytes) {
    if (bytes.isEmpty()) {
        throw refusal("document.empty", "“{file}” is empty.", name);
    }
    const auto marked = QStringConverter::encodingForData(bytes);
    const bool wide = marked == QStringConverter::Utf16LE || marked == QStringConverter::Utf16BE;
    const bool byMark = wide && (bytes.startsWith("\xFF\xFE") || bytes.startsWith("\xFE\xFF"));
    if (!byMark && bytes.contains('\0')) {
        throw refusal("document.binary", "“{file}” holds binary data, not text, so it was not added.", name);
    }
    // Stateless: an end in the middle of a character is an error, not a beginning.
    QStringDecoder decoder(byMark ? *marked : QStringConverter::Utf8, QStringConverter::Flag::Stateless);
    const QString text = decoder.decode(bytes);
    if (decoder.hasError() || !text.isValidUtf16()) {
        throw refusal("document.encoding",
                      byMark ? "“{file}” begins like text in UTF-16 and is none, so it was not added."
                             : "“{file}” is not text in UTF-8, nor in UTF-16 with a byte order mark. Save it as UTF-8, "
                               "and add it again.",
                      name);
    }
    if (std::any_of(text.begin(), text.end(), isBinary)) {
        throw refusal("document.binary", "“{file}” holds binary data, not text, so it was not added.", name);
    }
    if (text.trimmed().isEmpty()) {
        throw refusal("document.empty", "“{file}” is empty.", name);
    }
    return withUnixLines(text);
}

store::Document readDocument(const QString& path) {
    QString name = store::titleLine(QFileInfo(path).fileName());
    name = name.isEmpty() ? QStringLiteral("document") : name;
    const QByteArray bytes = bytesOf(path, name);
    if (bytes.startsWith("GGUF")) {
        throw refusal("document.model", "“{file}” is a model, not a document.", name);
    }
    if (bytes.startsWith("%PDF-")) {
#ifdef MOESCOPE_PDF
        return {name, textOfPdf(path, name), 0};
#else
        throw refusal("document.pdf",
                      "“{file}” is a PDF, and this build of Moescope was made without Qt Pdf, so it "
                      "cannot be read. Save its text as a file, and add that.",
                      name);
#endif
    }
    return {name, textOfBytes(name, bytes), 0};
}

} // namespace moescope::gui
