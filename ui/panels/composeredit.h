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
    void applyTheme();

signals:
    void submitted();
    void escaped();
    void upInEmpty();
    /** A paste or drop of so many characters was not taken. */
    void tooLong(qint64 characters);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    bool canInsertFromMimeData(const QMimeData* source) const override;
    void insertFromMimeData(const QMimeData* source) override;

private:
    void setLineHeight();

    qsizetype m_mostCharacters;
};

} // namespace moescope::ui
