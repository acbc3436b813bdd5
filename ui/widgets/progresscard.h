// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"

#include <QWidget>

class QPushButton;

namespace moescope::ui {

/** What goes on, how far it is and a Stop button: "Reading the prompt 1,152 of 1,536 tokens" above a bar. */
class ProgressCard : public QWidget {
    Q_OBJECT
public:
    explicit ProgressCard(QWidget* parent = nullptr);

    /** A prompt being read: reused tokens green, read ones blue, speed and time left below. */
    void setPrefill(const trace::PrefillProgress& progress);
    /** Anything else: `figure` in the mono style ("2.41 of 3.92 GiB"), `share` 0…1, `note` muted below the bar. */
    void setProgress(const QString& title, const QString& figure, double share, const QString& note);
    /** Off where nothing can be stopped. */
    void setStoppable(bool stoppable);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void stopRequested();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void place();
    void describe();

    QString m_title;
    QString m_figure;
    QString m_note;
    QString m_reusedText;
    QString m_readText;
    double m_reusedShare = 0;
    double m_share = 0;
    bool m_prefill = false;
    QPushButton* m_stop = nullptr;
};

} // namespace moescope::ui
