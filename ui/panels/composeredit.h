// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QTextEdit>

namespace moescope::ui {

/** The text field of the composer: plain text in the body style. */
class ComposerEdit : public QTextEdit {
    Q_OBJECT
public:
    explicit ComposerEdit(qsizetype mostCharacters, QWidget* parent = nullptr);

    void setText(const QString& text);
    QString text() const;
    bool isBlank() const;
    /** Lines at this width, at most `most`. */
    int lineCount(int most) const;
    /** px that the text stands too low in its lines: a fixed line height puts all of the room above. */
    int sink() const;
    /** Shown while nothing is written. */
    void setHint(const QString& hint);
    const QString& hint() const { return m_hint; }
    void applyTheme();

signals:
    void submitted();
    void escaped();
    void upInEmpty();
    /** A paste or drop of so many characters was not taken. */
    void tooLong(qint64 characters);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    bool canInsertFromMimeData(const QMimeData* source) const override;
    void insertFromMimeData(const QMimeData* source) override;

private:
    void setLineHeight();

    qsizetype m_mostCharacters;
    QString m_hint;
};

} // namespace moescope::ui
